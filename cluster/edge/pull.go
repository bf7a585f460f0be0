package edge

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"millrace/cluster/directory"
	"millrace/cluster/wire"
	"millrace/transmux/bus"
	"millrace/transmux/trace"
)

// pull copies one stream into the local Hub, over one parent after another.
type pull struct {
	room      *Room
	name      string
	begun     time.Time
	log       *slog.Logger
	traced    *trace.Span // of the viewer it began with; nil for none
	lingering *bus.Stream // that waits here to be continued; nil for a viewer's wish

	kick    chan struct{}
	wanting atomic.Bool   // the parent is to be told of wishes
	begins  atomic.Bool   // a node that is asked begins the stream first
	ready   chan struct{} // closed once the stream can be joined
	over    chan struct{}
	err     error // once over is closed

	// Of run's goroutine:
	place   directory.Place
	found   chan found // what came of the search under way; nil when there is none
	again   time.Time  // no search before that
	backoff time.Duration
	alone   time.Time // since when there is no parent
	unused  time.Time // since when nobody watches; zero while somebody does
	cause   error     // why the parent is changed
	avoid   string    // the node that was left for a cause
	hints   []wire.Hop
	told    time.Time // when the parent last heard of the tree below

	mu        sync.Mutex
	mirror    *bus.Mirror // nil before the first welcome
	searching bool        // the next welcome is taken
	current   *parent
	previous  *parent                  // until current has brought something
	epoch     uint64                   // of the mirror
	have      map[wire.Position]uint64 // the newest frame of each track of that epoch
	isReady   bool
	closed    bool
}

// found is what came of a search: a parent that was adopted, or why not.
type found struct {
	err   error
	place directory.Place // that was searched for; not live: p.place
}

func newPull(r *Room, name string, lingering *bus.Stream) *pull {
	now := time.Now()
	return &pull{
		room: r, name: name, begun: now, alone: now, lingering: lingering, log: r.log.With("stream", name),
		kick: make(chan struct{}, 1), ready: make(chan struct{}), over: make(chan struct{}),
	}
}

// poke makes run look at what is to be done.
func (p *pull) poke() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// run pulls until there is a cause to end.
func (p *pull) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	p.room.counts.pulls.Add(1)
	err := p.loop(ctx)
	cancel()
	p.mu.Lock()
	p.closed = true
	mirror, links := p.mirror, []*parent{p.current, p.previous}
	p.mu.Unlock()
	for _, l := range links {
		if l != nil {
			l.link.Close(err)
			<-l.done
		}
	}
	if p.found != nil {
		<-p.found // nobody needs what it found
	}
	p.room.forget(p)
	if mirror != nil {
		if errors.Is(err, errEnded) || errors.Is(err, errAlone) {
			mirror.End()
		} else {
			mirror.Close()
		}
		p.room.settle(mirror.Stream(), false)
		p.log.Info("relay: pull closed", "cause", err, "duration", time.Since(p.begun).Round(time.Millisecond))
	}
	p.err = err
	close(p.over)
}

// loop is the pull's life; the error is why it ends.
func (p *pull) loop(ctx context.Context) error {
	var err error
	if p.place, err = p.room.dir.Locate(ctx, p.name); err != nil && p.lingering == nil {
		if p.place, err = p.room.offered(ctx, p.name, err); err != nil {
			return err
		}
	}
	if p.here() && p.lingering == nil {
		return errHere
	}
	places, stop := p.room.dir.Watch(p.name)
	defer stop()
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		now := time.Now()
		if err := p.review(ctx, now); err != nil {
			return err
		}
		parent, mirror := p.state()
		p.want(parent, mirror)
		var ended, taken <-chan struct{}
		var keyframes <-chan struct{}
		if parent != nil {
			ended = parent.done
		}
		if mirror != nil {
			taken, keyframes = mirror.Done(), mirror.KeyframeRequests()
		}
		select {
		case place := <-places:
			if place.Live() || p.place.Generation > 0 { // an offer ends when it is refused
				p.place = place
			}
		case f := <-p.found:
			if f.place.Live() {
				p.found = nil
				p.place = f.place
				continue
			}
			if err := p.settle(f.err); err != nil {
				return err
			}
		case <-ended:
			p.leave(parent, parent.err)
		case <-taken:
			return mirror.Err()
		case <-keyframes:
			if parent != nil {
				_ = parent.link.Send(&wire.Keyframe{}) // a link that is broken ends by itself
			}
		case <-tick.C:
			if err := p.tick(parent, mirror, time.Now()); err != nil {
				return err
			}
		case <-p.kick:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (p *pull) state() (*parent, *bus.Mirror) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current, p.mirror
}

func (p *pull) here() bool { return p.place.Node == p.room.cfg.Self().Node }

// review looks whether the parent is the right one, and searches if it is not.
func (p *pull) review(ctx context.Context, now time.Time) error {
	parent, mirror := p.state()
	switch {
	case p.lingering != nil && p.lingering.Err() != nil:
		return p.lingering.Err()
	case p.lingering != nil && mirror == nil && p.lingering.Catalog().Live:
		return errHere // its publisher is back
	case parent == nil:
		if errors.Is(p.cause, errEnded) && !p.place.Live() {
			return errEnded
		}
		begins := mirror == nil && p.found != nil // that search ends by itself
		if now.Sub(p.alone) > p.room.cfg.Patience && p.lingering == nil && !begins {
			return errAlone
		}
		if mirror != nil && now.Sub(p.alone) > p.room.cfg.Silence*3 {
			mirror.SetLive(false)
		}
	default:
		if err := p.inspect(parent); err != nil {
			return err
		}
	}
	needed := parent == nil || p.cause != nil
	if !needed || p.found != nil || now.Before(p.again) || p.here() {
		return nil
	}
	if !p.place.Live() {
		p.resort(ctx, now, parent == nil && p.lingering == nil)
		return nil
	}
	p.mu.Lock()
	p.searching = true
	p.mu.Unlock()
	result := make(chan found, 1)
	p.found = result
	s := newSearch(p)
	p.room.work.Go(func() { result <- found{err: s.run(ctx)} })
	return nil
}

// inspect hears what the parent said of itself, and compares it with the directory.
func (p *pull) inspect(parent *parent) error {
	parent.mu.Lock()
	ended, moved, hints, path := parent.ended, parent.moved, parent.movedTo, parent.path
	parent.moved = false
	parent.mu.Unlock()
	p.mu.Lock()
	epoch := p.epoch
	p.mu.Unlock()
	elsewhere := p.place.Live() && !p.here() && p.place.Node != path[0].Node && p.place.Generation > epoch
	switch {
	case elsewhere:
		p.change(errors.New("the stream is published on another node"), "", nil)
	case ended && !p.place.Live():
		return errEnded
	case ended:
		// The directory may not know yet; then it is asked no more than the parent.
		p.change(errEnded, parent.hop.Node, nil)
	case moved:
		p.change(errors.New("the parent asked to"), parent.hop.Node, hints)
	}
	return nil
}

// change makes review search for another parent, for a cause.
func (p *pull) change(cause error, avoid string, hints []wire.Hop) {
	if p.cause == nil {
		p.cause, p.avoid, p.hints = cause, avoid, hints
	}
}

// leave lets go of a parent that is of no use any more.
func (p *pull) leave(old *parent, cause error) {
	old.link.Close(cause)
	p.mu.Lock()
	if p.current == old {
		p.current, p.previous = p.previous, nil
	}
	gone := p.current == nil
	p.mu.Unlock()
	if gone {
		p.alone = time.Now()
	}
	old.mu.Lock()
	ended := old.ended
	old.mu.Unlock()
	if ended {
		cause = errEnded
	} else {
		p.room.dir.Suspect(old.hop.Node)
	}
	p.change(cause, old.hop.Node, old.path)
	p.log.Warn("relay: parent lost", "node", old.hop.Node, "cause", cause)
}

// settle takes the result of a search. The first one that fails ends a pull that
// has nothing to show yet.
func (p *pull) settle(err error) error {
	p.found = nil
	p.mu.Lock()
	p.searching = false
	parent, mirror := p.current, p.mirror
	p.mu.Unlock()
	if err != nil {
		if p.place.Generation == 0 {
			p.place = directory.Place{Stream: p.name}
		}
		p.backoff = min(max(2*p.backoff, 50*time.Millisecond), time.Second)
		p.again = time.Now().Add(p.backoff)
		if errors.Is(err, bus.ErrNameTaken) || errors.Is(err, bus.ErrShutdown) {
			return err
		}
		if mirror == nil && p.lingering == nil {
			return err
		}
		p.log.Debug("relay: no parent found", "cause", err)
		return nil
	}
	if parent == nil {
		return nil // it was lost again already
	}
	f := parent.figures()
	args := []any{"node", parent.hop.Node, "origin", f.path[0].Node, "hops", len(f.path), "transport", parent.link.Transport, "remote", parent.link.Remote}
	if p.cause == nil {
		p.log.Info("relay: pull opened", args...)
	} else {
		p.room.counts.rehomes.Add(1)
		p.log.Info("relay: parent changed", append(args, "from", p.avoid, "cause", p.cause)...)
	}
	p.cause, p.avoid, p.hints, p.backoff = nil, "", nil, 0
	p.wanting.Store(true)
	p.told = time.Time{}
	p.room.pathChanged(p.name)
	if mirror != nil {
		p.room.settle(mirror.Stream(), true)
	}
	return nil
}

// tick does what is done each beat.
func (p *pull) tick(parent *parent, mirror *bus.Mirror, now time.Time) error {
	if mirror != nil {
		if mirror.Stream().Users() > 0 {
			p.unused = time.Time{}
		} else if p.unused.IsZero() {
			p.unused = now
		} else if now.Sub(p.unused) > p.room.cfg.Linger && mirror.EndIdle() {
			return errIdle
		}
	}
	if parent == nil {
		return nil
	}
	if silent := now.Sub(p.begun) - time.Duration(parent.heard.Load()); silent > p.room.cfg.Silence {
		p.leave(parent, errors.New("it says nothing"))
		return nil
	}
	_ = parent.link.SendPing(wire.Ping{Sent: now.UnixNano()}) // a link that is broken ends by itself
	if mirror != nil && now.Sub(p.told) >= time.Second {
		p.told = now
		_ = parent.link.Send(&wire.Status{Nodes: p.status()})
	}
	return nil
}

// want tells the parent what the viewers here can take.
func (p *pull) want(parent *parent, mirror *bus.Mirror) {
	if parent != nil && mirror != nil && p.wanting.Swap(false) {
		_ = parent.link.Send(&wire.Want{Sets: p.room.sets(mirror.Stream())}) // a link that is broken ends by itself
	}
}

// path is the way from the origin to the parent; nil without a parent.
func (p *pull) path() []wire.Hop {
	parent, _ := p.state()
	if parent == nil {
		return nil
	}
	parent.mu.Lock()
	defer parent.mu.Unlock()
	return parent.path
}
