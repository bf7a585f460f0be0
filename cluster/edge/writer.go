package edge

import (
	"cmp"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// adopt makes a parent that said welcome the one that writes.
func (p *pull) adopt(parent *parent) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || !p.searching {
		return errLate
	}
	if p.mirror == nil {
		m, err := p.room.hub.Mirror(p.name)
		if err != nil {
			return err
		}
		p.mirror = m
	}
	p.searching = false
	if p.previous != nil {
		p.previous.link.Close(errLate)
	}
	p.previous, p.current = p.current, parent
	return nil
}

// set takes over a parent's catalog.
func (p *pull) set(from *parent, e bus.Edition) ([]*av.Track, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mirror == nil || from != p.current && from != p.previous {
		return nil, errLate
	}
	tracks := p.mirror.Set(e)
	if tracks == nil {
		return nil, cmp.Or(p.mirror.Err(), errStale)
	}
	from.epoch, p.epoch = e.Epoch, e.Epoch
	if e.Live && len(tracks) > 0 && !p.isReady {
		p.isReady = true
		close(p.ready)
	}
	return tracks, nil
}

func (p *pull) describe(t av.Track) *av.Track {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mirror.Describe(t)
}

// write puts a parent's frame into the stream, if it is news.
func (p *pull) write(from *parent, f *av.Frame) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if from != p.current && from != p.previous {
		return errLate
	}
	if from.epoch != p.epoch || !p.mirror.Write(f) {
		return nil
	}
	p.room.counts.frames.Add(1)
	if from == p.current && p.previous != nil {
		p.previous.link.Close(errLate)
		p.previous = nil
	}
	return nil
}
