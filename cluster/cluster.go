// Package cluster makes one gateway of many nodes: a stream that is published on
// any of them can be watched on all.
//
// cmd/millrace puts a Room between the Hub and the doors: publishers' gates publish
// through it, so that a name is published once in the whole cluster, and viewers'
// gates subscribe through it, so that what is published elsewhere is fetched. The
// rooms below it each know one thing: directory who has what, wire how nodes talk,
// edge how a stream comes here, feed how it goes on from here. It must not know a
// protocol of publishers or viewers.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"millrace/cluster/directory"
	"millrace/cluster/edge"
	"millrace/cluster/feed"
	"millrace/cluster/wire"
	"millrace/transmux/bus"
	"millrace/transmux/trace"
)

// claimTimeout is less than the time that a protocol room gives a publisher.
const claimTimeout = 4 * time.Second

// Directory is what the room must know of the others; *directory.Directory is one.
type Directory interface {
	edge.Directory
	Claim(ctx context.Context, stream string, live func() bool) (*directory.Claim, error)
	Self() directory.Node
}

// Config is the room's settings. Zero fields take the default.
type Config struct {
	MaxChildren int           // of each stream
	Linger      time.Duration // of a pull without viewers
	Patience    time.Duration // of a pull without a parent
	Silence     time.Duration // after which a parent is left
	Tracer      *trace.Tracer // nil traces nothing
}

// Room is this node's part of the cluster.
type Room struct {
	cfg      Config
	hub      *bus.Hub
	dir      Directory
	endpoint *wire.Endpoint
	edge     *edge.Room
	feed     *feed.Room
	log      *slog.Logger

	draining atomic.Bool

	mu     sync.Mutex
	names  map[string]*sync.Mutex // of those who publish right now; guarded by mu
	work   sync.WaitGroup
	closed bool
}

// Own is the Source for what is published on this node, or fetched by it from where
// no cluster is: it asks no other nodes.
type Own interface {
	bus.Source
	Hold(ctx context.Context, name string) (s *bus.Stream, release func(), err error)
}

// New makes the room: on its endpoint, in front of the hub and of next.
func New(cfg Config, hub *bus.Hub, next Own, dir Directory, endpoint *wire.Endpoint, deriver edge.Deriver, log *slog.Logger) *Room {
	r := &Room{cfg: cfg, hub: hub, dir: dir, endpoint: endpoint, log: log, names: make(map[string]*sync.Mutex)}
	r.edge = edge.New(edge.Config{Self: r.self, Linger: cfg.Linger, Patience: cfg.Patience, Silence: cfg.Silence},
		hub, next, dir, endpoint, deriver, log)
	r.feed = feed.New(feed.Config{Self: r.self, MaxChildren: cfg.MaxChildren, Tracer: cfg.Tracer}, streams{hub, next}, r.edge, r.edge, log)
	r.edge.Serves(r.feed)
	return r
}

func (r *Room) self() wire.Hop {
	n := r.dir.Self()
	return wire.Hop{Node: n.ID, Region: n.Region, Relay: n.Relay}
}

// Serve takes links of other nodes until ctx ends.
func (r *Room) Serve(ctx context.Context) error { return r.endpoint.Serve(ctx, r.feed.Handle) }

// Close ends what this node fetches, and waits for it. Publishers must have gone.
func (r *Room) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.edge.Close()
	r.work.Wait()
	r.endpoint.Close()
}

// Subscribe joins a stream wherever it is published; see bus.Source.
func (r *Room) Subscribe(ctx context.Context, name string) (*bus.Subscriber, error) {
	return r.edge.Subscribe(ctx, name)
}

// Deriver has tracks made for viewers, where the stream is published.
func (r *Room) Deriver() edge.Deriver { return r.edge }

// Drain asks the children of this node to find other parents, and lets publishers
// take their streams to other nodes before they leave this one.
func (r *Room) Drain() {
	r.draining.Store(true)
	r.feed.Drain()
}

// Stats are the figures of both directions.
func (r *Room) Stats() (edge.Stats, feed.Stats) { return r.edge.Stats(), r.feed.Stats() }

// Publish begins a stream as Hub.Publish does, once no other node has a publisher
// of that name: that gives ErrNameTaken too.
func (r *Room) Publish(name string, info bus.PublisherInfo) (*bus.Publisher, error) {
	defer r.lock(name)()
	if err := r.hub.Vacant(name); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), claimTimeout)
	defer cancel()
	h := &holder{}
	claim, err := r.dir.Claim(ctx, name, func() bool { return !r.draining.Load() && h.live() })
	var taken *directory.TakenError
	switch {
	case errors.As(err, &taken):
		return nil, fmt.Errorf("%w on node %s", bus.ErrNameTaken, taken.Holder.Node)
	case errors.Is(err, directory.ErrClosed):
		return nil, bus.ErrShutdown
	case err != nil:
		return nil, fmt.Errorf("cluster: %w", err)
	}
	info.Epoch = claim.Place().Generation
	p, err := r.hub.Publish(name, info)
	if err != nil {
		claim.Release()
		return nil, err
	}
	h.set(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		claim.Release()
		return p, nil // which the Hub ends in a moment
	}
	r.work.Go(func() { r.hold(p, claim) })
	return p, nil
}

// hold keeps the claim for as long as the publisher is there, and the publisher for
// as long as the claim stands.
func (r *Room) hold(p *bus.Publisher, claim *directory.Claim) {
	select {
	case <-p.Over():
	case <-claim.Lost():
		if errors.Is(claim.Err(), directory.ErrMoved) {
			r.log.Warn("relay: the stream is published on another node now", "stream", p.Stream().Name(), "cause", claim.Err())
			p.Evict()
		}
		<-p.Over()
	}
	claim.Release()
	s := p.Stream()
	if s.Err() == nil && s.Users() > 0 && !s.Catalog().Live {
		r.edge.Follow(s)
	}
}

// holder tells the directory whether a claim's publisher is there.
type holder struct {
	mu sync.Mutex
	p  *bus.Publisher
}

func (h *holder) set(p *bus.Publisher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.p = p
}

func (h *holder) live() bool {
	h.mu.Lock()
	p := h.p
	h.mu.Unlock()
	if p == nil {
		return true // it is about to come
	}
	select {
	case <-p.Over():
		return false
	default:
		return !p.Silent()
	}
}

// lock lets one publisher of a name at a time ask the directory.
func (r *Room) lock(name string) (unlock func()) {
	r.mu.Lock()
	m := r.names[name]
	if m == nil {
		m = &sync.Mutex{}
		r.names[name] = m
	}
	r.mu.Unlock()
	m.Lock()
	return func() {
		r.mu.Lock()
		delete(r.names, name) // who waits has it in hand; who comes later asks anew
		r.mu.Unlock()
		m.Unlock()
	}
}
