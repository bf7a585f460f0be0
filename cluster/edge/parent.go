package edge

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"millrace/cluster/wire"
	"millrace/transmux/av"
	"millrace/transmux/bus"
)

const (
	// maxOrphans bounds the frames that came before the catalog that has their track.
	maxOrphans = 256
	// maxChannels bounds what a parent may describe within one catalog's life.
	maxChannels = 1024
)

var (
	errLoop    = errors.New("the parent has the stream from this node")
	errFickle  = errors.New("the parent describes too many tracks")
	errNoHello = errors.New("the parent spoke before it said welcome")
)

// parent is a link to a node that may give the stream, or gives it.
type parent struct {
	pull *pull
	link *wire.Link
	hop  wire.Hop

	patience *time.Timer // of the search, for the answer
	answer   chan error  // one: nil for a welcome
	done     chan struct{}
	err      error // once done is closed

	heard atomic.Int64 // when anything came, by the monotonic clock of pull.begun

	// Of the link's handler, which is called once at a time:
	welcomed bool
	early    []*wire.Frame // before the welcome
	orphans  []*wire.Frame // before the catalog that has their channel
	channels map[uint32]*channel
	forms    map[uint32]*av.Track
	frames   uint64

	mu           sync.Mutex // guards what follows; the figures are read by others
	path         []wire.Hop
	clock        clock
	transit      gauge
	latency      gauge
	counted      uint64
	lastLost     uint64
	movedTo      []wire.Hop
	moved, ended bool

	epoch uint64 // of its last catalog; guarded by pull.mu
}

// channel is a track's frames on the link.
type channel struct {
	position wire.Position // of its track, without a number
	seq      *sequencer
}

// run reads the link until it ends.
func (p *parent) run() {
	p.err = p.link.Run(p.take)
	close(p.done)
	p.reply(p.err)
}

// reply answers whoever waits for the welcome, once.
func (p *parent) reply(err error) {
	select {
	case p.answer <- err:
	default:
	}
}

// take hears the parent.
func (p *parent) take(m any) error {
	now := time.Now()
	p.heard.Store(int64(now.Sub(p.pull.begun)))
	switch m := m.(type) {
	case *wire.Welcome:
		return p.welcome(m, now)
	case *wire.Refusal:
		p.reply(m)
		return m
	case *wire.Wait:
		if !p.welcomed {
			p.pull.begins.Store(true)
			p.patience.Reset(waitTimeout)
		}
		return nil
	case *wire.Pong:
		p.mu.Lock()
		p.clock.add(m.Sent, m.Clock, now.UnixNano())
		p.mu.Unlock()
		return p.deliver(now) // what has been waited for long enough
	}
	if f, ok := m.(*wire.Frame); ok && !p.welcomed {
		// Frames have streams of their own, and may be quicker than the welcome.
		if len(p.early) < maxOrphans {
			p.early = append(p.early, f)
		}
		return nil
	}
	if !p.welcomed {
		return fmt.Errorf("edge: %w", errNoHello)
	}
	switch m := m.(type) {
	case *wire.Catalog:
		return p.catalog(m, now)
	case *wire.Describe:
		return p.describe(m, now)
	case *wire.Frame:
		return p.frame(m, now)
	case *wire.Path:
		return p.turn(m.Path)
	case *wire.Move:
		p.mu.Lock()
		p.moved, p.movedTo = true, m.Try
		p.mu.Unlock()
		p.pull.poke()
	case *wire.End:
		p.mu.Lock()
		p.ended = true
		p.mu.Unlock()
		p.pull.poke()
	}
	return nil
}

func (p *parent) welcome(m *wire.Welcome, now time.Time) error {
	p.mu.Lock()
	p.clock.add(m.Sent, m.Clock, now.UnixNano())
	p.mu.Unlock()
	if err := p.turn(m.Path); err != nil {
		p.reply(err)
		return err
	}
	if err := p.pull.adopt(p); err != nil {
		p.reply(err)
		return err
	}
	p.welcomed = true
	p.reply(nil)
	early := p.early
	p.early = nil
	for _, f := range early {
		if err := p.frame(f, now); err != nil {
			return err
		}
	}
	return nil
}

// turn takes the parent's way to the origin, which may not lead through this node.
func (p *parent) turn(path []wire.Hop) error {
	self := p.pull.room.cfg.Self().Node
	if slices.ContainsFunc(path, func(h wire.Hop) bool { return h.Node == self }) {
		return fmt.Errorf("edge: %w", errLoop)
	}
	p.mu.Lock()
	changed := p.path != nil
	p.path = path
	p.mu.Unlock()
	if changed {
		p.pull.poke()
		p.pull.room.pathChanged(p.pull.name)
	}
	return nil
}

// catalog makes the parent's tracks those of the local stream.
func (p *parent) catalog(m *wire.Catalog, now time.Time) error {
	e := bus.Edition{
		Epoch: m.Epoch, Generation: m.Generation, Live: m.Live, Start: m.Start,
		Publisher: bus.PublisherInfo{
			Protocol: m.Publisher.Protocol, Remote: m.Publisher.Remote, Encoder: m.Publisher.Encoder,
			Refreshes: m.Publisher.Refreshes, Epoch: m.Epoch,
		},
	}
	for i := range m.Channels {
		e.Tracks = append(e.Tracks, m.Channels[i].Track.AV())
	}
	tracks, err := p.pull.set(p, e)
	if err != nil {
		return err
	}
	channels, forms := make(map[uint32]*channel), make(map[uint32]*av.Track)
	for i, c := range m.Channels {
		channels[c.Channel], forms[c.Form] = p.channels[c.Channel], tracks[i]
		if channels[c.Channel] == nil {
			at := wire.Position{Generation: m.Generation, Track: c.Track.ID}
			channels[c.Channel] = &channel{at, newSequencer(tracks[i].Kind == av.Video)}
		}
	}
	for form, t := range p.forms { // frames on their way may have them still
		if forms[form] == nil && len(forms) < maxChannels {
			forms[form] = t
		}
	}
	p.channels, p.forms = channels, forms
	orphans := p.orphans
	p.orphans = nil
	for _, f := range orphans {
		if c := p.channels[f.Channel]; c != nil {
			c.seq.push(f, now)
		}
	}
	return p.deliver(now)
}

func (p *parent) describe(m *wire.Describe, now time.Time) error {
	if len(p.forms) >= maxChannels {
		return fmt.Errorf("edge: %w", errFickle)
	}
	p.forms[m.Form] = p.pull.describe(m.Track.AV())
	return p.deliver(now)
}

// frame takes a frame as the network brings it.
func (p *parent) frame(f *wire.Frame, now time.Time) error {
	p.mu.Lock()
	f.AV.Arrived = p.clock.local(f.AV.Arrived.UnixNano())
	if f.AV.Arrived.After(now) {
		f.AV.Arrived = now
	}
	p.transit.add(max(now.Sub(p.clock.local(f.Sent)), 0))
	p.latency.add(now.Sub(f.AV.Arrived))
	p.mu.Unlock()
	c := p.channels[f.Channel]
	if c == nil {
		if len(p.orphans) < maxOrphans {
			p.orphans = append(p.orphans, f)
		}
		return nil
	}
	c.seq.push(f, now)
	return p.drain(c, now)
}

// deliver writes everything that is due.
func (p *parent) deliver(now time.Time) error {
	for _, c := range p.channels {
		if err := p.drain(c, now); err != nil {
			return err
		}
	}
	return nil
}

// drain writes what of a channel is due.
func (p *parent) drain(c *channel, now time.Time) error {
	for {
		f := c.seq.peek(now)
		if f == nil {
			break
		}
		track := p.forms[f.Form]
		if track == nil {
			break // it is described in a moment
		}
		c.seq.take(now)
		f.AV.Track, f.AV.Generation = track, c.position.Generation
		if err := p.pull.write(p, c.position, f.AV); err != nil {
			return err
		}
		p.frames++
	}
	lost := uint64(0)
	for _, c := range p.channels {
		lost += c.seq.lost
	}
	if c.seq.seekKey {
		p.pull.broken(p, c.position)
	}
	p.mu.Lock()
	ask := lost > p.lastLost && c.seq.seekKey
	p.pull.room.counts.lost.Add(lost - min(lost, p.lastLost))
	p.lastLost, p.counted = lost, p.frames
	p.mu.Unlock()
	if ask {
		return p.link.Send(&wire.Keyframe{})
	}
	return nil
}

// figures are what the parent's link looks like now.
type figures struct {
	path                  []wire.Hop
	rtt, transit, latency time.Duration
	frames, lost          uint64
}

func (p *parent) figures() figures {
	p.mu.Lock()
	defer p.mu.Unlock()
	rtt := p.clock.best().rtt
	return figures{p.path, rtt, p.transit.median(), p.latency.median(), p.counted, p.lastLost}
}
