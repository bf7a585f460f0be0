package edge

import (
	"cmp"

	"millrace/cluster/wire"
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
	if p.epoch != e.Epoch || p.have == nil {
		p.have = make(map[wire.Position]uint64)
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
func (p *pull) write(from *parent, at wire.Position, f *av.Frame) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if from != p.current && from != p.previous {
		return errLate
	}
	if from.epoch != p.epoch || !p.mirror.Write(f) {
		return nil
	}
	p.have[at] = f.Origin
	p.room.counts.frames.Add(1)
	if from == p.current && p.previous != nil {
		p.previous.link.Close(errLate)
		p.previous = nil
	}
	return nil
}

// broken notes that what is next of a track is missing: it cannot be gone on with
// but from a keyframe.
func (p *pull) broken(from *parent, at wire.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if from == p.current {
		delete(p.have, at)
	}
}

// maxPositions is as many as a parent is told of: the tracks of a stream are few,
// unless its publisher came again many times.
const maxPositions = 64

// positions is how far this node has come with the publication that it has, of the
// newest generation.
func (p *pull) positions() (epoch uint64, have []wire.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	newest := uint32(0)
	for at := range p.have {
		newest = max(newest, at.Generation)
	}
	for at, origin := range p.have {
		if at.Generation == newest && len(have) < maxPositions {
			at.Origin = origin
			have = append(have, at)
		}
	}
	return p.epoch, have
}
