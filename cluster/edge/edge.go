// Package edge fetches streams of other nodes: the child's end of links.
//
// A Room is the bus.Source of a node in a cluster. What is published here it leaves
// to the Source behind it; what is not, it finds through the directory and copies
// into the local Hub for as long as somebody watches: one pull a stream, however
// many come at once. It knows the bus, the wire and the directory; it must not know
// who watches, nor how this node serves others.
package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"millrace/cluster/directory"
	"millrace/cluster/wire"
	"millrace/transmux/bus"
	"millrace/transmux/derive"
	"millrace/transmux/trace"
)

const (
	// DefaultLinger is how long a pull goes on without viewers: somebody who loads
	// the page anew finds the stream here.
	DefaultLinger = 10 * time.Second
	// defaultPatience is how long the stream goes on without a parent: as a stream
	// without its publisher.
	defaultPatience = 15 * time.Second
	// joinTimeout bounds a viewer's wait: after it, it is told to come again. Where
	// the stream is being begun, as a source on demand is, it waits for beginTimeout:
	// players give up after ten seconds.
	joinTimeout  = 5 * time.Second
	beginTimeout = 9500 * time.Millisecond
	// defaultSilence is when a parent that says nothing is left. It answers a ping
	// each beat.
	defaultSilence = time.Second
	beat           = 200 * time.Millisecond
)

// The causes with which a pull ends.
var (
	errIdle  = errors.New("nobody watches any more")
	errEnded = errors.New("the stream is over at its origin")
	errAlone = errors.New("no node could be found that has the stream")
	errHere  = errors.New("the stream is published on this node")
	errStale = errors.New("the parent has an older publication")
	errLate  = errors.New("another node was quicker")
)

// Directory is what the room must know of the others; *directory.Directory is one.
type Directory interface {
	Locate(ctx context.Context, stream string) (directory.Place, error)
	Offered(ctx context.Context, stream string) (directory.Place, error)
	Watch(stream string) (places <-chan directory.Place, stop func())
	Node(id string) (directory.Peer, bool)
	Suspect(id string)
}

// Dialer opens links; *wire.Endpoint is one.
type Dialer interface {
	Dial(ctx context.Context, address string) (*wire.Link, error)
}

// Deriver makes tracks of streams that are published here.
type Deriver interface {
	Want(s *bus.Stream, o derive.Offer) (release func())
}

// Below is this node's own children, of whom it tells its parents.
type Below interface {
	Below(stream string) []wire.NodeStatus
	PathChanged(stream string)
}

// Config is the room's settings. Zero times take the default.
type Config struct {
	Self func() wire.Hop
	// Linger is how long a pull goes on without viewers, Patience how long without
	// a parent, Silence how long a parent may say nothing.
	Linger, Patience, Silence time.Duration
}

// Room holds all pulls of this node.
type Room struct {
	cfg     Config
	hub     *bus.Hub
	next    bus.Source
	dir     Directory
	dialer  Dialer
	deriver Deriver
	log     *slog.Logger
	counts  counts
	wishes  wishes

	ctx  context.Context
	stop context.CancelCauseFunc
	work sync.WaitGroup

	mu     sync.Mutex
	pulls  map[string]*pull
	below  Below
	closed bool
}

type counts struct{ pulls, rehomes, frames, lost atomic.Uint64 }

// Stats are the room's figures.
type Stats struct {
	Active                       int // pulls now
	Pulls, Rehomes, Frames, Lost uint64
	// Latency is the greatest median of the streams', RTT that of the parent that is
	// farthest away.
	Latency, RTT time.Duration
}

// New makes the room. next is asked for what no other node has: the Hub itself, or
// whatever stands before it.
func New(cfg Config, hub *bus.Hub, next bus.Source, dir Directory, dialer Dialer, deriver Deriver, log *slog.Logger) *Room {
	if cfg.Linger <= 0 {
		cfg.Linger = DefaultLinger
	}
	if cfg.Patience <= 0 {
		cfg.Patience = defaultPatience
	}
	if cfg.Silence <= 0 {
		cfg.Silence = defaultSilence
	}
	r := &Room{
		cfg: cfg, hub: hub, next: next, dir: dir, dialer: dialer, deriver: deriver, log: log,
		pulls: make(map[string]*pull), wishes: newWishes(),
	}
	r.ctx, r.stop = context.WithCancelCause(context.Background())
	return r
}

// Serves says who has streams from this node, before anything runs.
func (r *Room) Serves(b Below) { r.below = b }

// Stats reads the figures.
func (r *Room) Stats() Stats {
	r.mu.Lock()
	pulls := slices.Collect(maps.Values(r.pulls))
	r.mu.Unlock()
	c := &r.counts
	s := Stats{
		Active: len(pulls), Pulls: c.pulls.Load(), Rehomes: c.rehomes.Load(), Frames: c.frames.Load(),
		Lost: c.lost.Load(),
	}
	for _, p := range pulls {
		if parent, _ := p.state(); parent != nil {
			f := parent.figures()
			s.Latency, s.RTT = max(s.Latency, f.latency), max(s.RTT, f.rtt)
		}
	}
	return s
}

// Close ends all pulls and waits for them.
func (r *Room) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.stop(bus.ErrShutdown)
	r.work.Wait()
}

// here says whether the stream is published on this node, and mirrored whether a
// copy can be joined.
func (r *Room) here(name string) (here, mirrored bool) {
	s, release, err := r.hub.Hold(name)
	if err != nil {
		return false, false
	}
	defer release()
	mirrored = s.Mirrored()
	return !mirrored, mirrored
}

// Subscribe joins a stream, wherever it is published; see bus.Source.
func (r *Room) Subscribe(ctx context.Context, name string) (sub *bus.Subscriber, err error) {
	if err := bus.ValidName(name); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, beginTimeout)
	defer cancel()
	late := time.NewTimer(joinTimeout)
	defer late.Stop()
	var traced *trace.Span // from when another node must be asked
	defer func() { traced.End(err) }()
	for {
		here, mirrored := r.here(name)
		if here {
			return r.next.Subscribe(ctx, name)
		}
		if mirrored {
			sub, err := r.hub.Subscribe(ctx, name)
			if !errors.Is(err, bus.ErrNotLive) {
				return sub, err
			}
		}
		if traced == nil {
			_, traced = trace.Start(ctx, "relay.pull")
		}
		p, err := r.join(name, nil, traced)
		if err != nil {
			return nil, err
		}
		if p.waits() {
			return r.next.Subscribe(ctx, name) // as for every stream whose publisher has gone
		}
		select {
		case <-p.ready:
		case <-p.over:
			if errors.Is(p.err, directory.ErrUnknown) || errors.Is(p.err, directory.ErrUnreachable) || errors.Is(p.err, errHere) {
				return r.next.Subscribe(ctx, name)
			}
			return nil, unavailable(p.err)
		case <-late.C:
			if p.begins.Load() {
				continue
			}
			return nil, errNoAnswer
		case <-ctx.Done():
			return nil, errNoAnswer
		}
		sub, err := r.hub.Subscribe(ctx, name)
		if !errors.Is(err, bus.ErrNotLive) || ctx.Err() != nil {
			return sub, err
		}
		select { // it went between the two looks
		case <-p.over:
		case <-time.After(beat):
		}
	}
}

// unavailable is what a viewer is told of a stream that cannot be fetched.
func unavailable(cause error) error {
	var no *wire.Refusal
	if errors.As(cause, &no) && no.Reason == wire.Failed {
		return &bus.Unavailable{Reason: no.Text} // a sentence of the node that tried to begin it
	}
	return &bus.Unavailable{Reason: fmt.Sprintf("It is published on another node, but cannot be had from there: %v.", cause)}
}

// errNoAnswer is what a viewer is told who has waited in vain.
var errNoAnswer = &bus.Unavailable{Reason: "It is published on another node, which does not answer."}

// Follow goes on with a stream that was published here and is lingering for its
// viewers, as soon as it is published elsewhere.
func (r *Room) Follow(s *bus.Stream) {
	_, _ = r.join(s.Name(), s, nil) // at the end there is nothing to follow
}

// join finds the pull of a stream, or begins it, for a viewer who may be traced.
func (r *Room) join(name string, lingering *bus.Stream, traced *trace.Span) (*pull, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, bus.ErrShutdown
	}
	if p := r.pulls[name]; p != nil {
		return p, nil
	}
	p := newPull(r, name, lingering)
	p.traced = traced
	r.pulls[name] = p
	r.work.Go(func() { p.run(r.ctx) })
	return p, nil
}

func (r *Room) forget(p *pull) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pulls, p.name)
}

func (r *Room) pull(name string) *pull {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pulls[name]
}

// Path leads from the node where the stream is published to this one; nil while
// this node has no way to it.
func (r *Room) Path(name string) []wire.Hop {
	if here, _ := r.here(name); here {
		return []wire.Hop{r.cfg.Self()}
	}
	p := r.pull(name)
	if p == nil {
		return nil
	}
	above := p.path()
	if above == nil {
		return nil
	}
	return append(above[:len(above):len(above)], r.cfg.Self())
}

// pathChanged tells this node's children, who may take their time to hear it.
func (r *Room) pathChanged(name string) {
	if r.below != nil {
		r.work.Go(func() { r.below.PathChanged(name) })
	}
}

// Query asks another node for what it knows of a stream's tree.
func (r *Room) Query(ctx context.Context, hop wire.Hop, name string) (*wire.Tree, error) {
	var tree *wire.Tree
	err := errAlone
	for _, at := range hop.Relay {
		var l *wire.Link
		if l, err = r.dialer.Dial(ctx, at); err != nil {
			continue
		}
		stop := context.AfterFunc(ctx, func() { l.Close(ctx.Err()) })
		if err = l.Send(&wire.Query{Stream: name}); err == nil {
			err = l.Run(func(m any) error {
				tree, _ = m.(*wire.Tree)
				return wire.ErrClosed
			})
		}
		stop()
		l.Close(nil)
		if tree != nil {
			return tree, nil
		}
	}
	return nil, fmt.Errorf("edge: asking %s: %w", hop.Node, err)
}
