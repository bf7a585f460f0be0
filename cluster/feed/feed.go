// Package feed serves streams of this node to others: the parent's end of links.
//
// cluster hands it every link that another node opens. It reads the local Hub as
// any viewer does, so that a node which has a stream from elsewhere serves it on in
// the same way: a tree of any depth. It knows the bus and the wire; it must not know
// where a stream came from (Paths tells), nor the directory.
package feed

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"millrace/cluster/wire"
	"millrace/transmux/bus"
	"millrace/transmux/derive"
	"millrace/transmux/trace"
)

const (
	// DefaultMaxChildren bounds what one stream costs its origin: with 5 Mb/s they
	// are 160 Mb/s, and a tenth of a core.
	DefaultMaxChildren = 32
	// greeting is how long a peer may take to say what it wants, and to hang up
	// after it was refused.
	greeting = 5 * time.Second
	// silence is how long a child may say nothing; it pings several times a second.
	silence = 4 * time.Second
	// quiet is after how much of that it makes room for another one.
	quiet = 700 * time.Millisecond
)

// Streams are those that this node has: published here, or fetched from other nodes.
type Streams interface {
	// Hold joins one. One that is not live, and that this node can begin by itself,
	// it begins and waits for; it must not ask other nodes for it.
	Hold(ctx context.Context, name string) (s *bus.Stream, release func(), err error)
}

// Paths tells from where this node has its streams.
type Paths interface {
	// Path leads from the node that publishes the stream to this one; nil while
	// this node has no way to it.
	Path(name string) []wire.Hop
}

// Deriver makes tracks for those who can take no other, or has them made.
type Deriver interface {
	Want(s *bus.Stream, o derive.Offer) (release func())
}

// Config is the room's settings.
type Config struct {
	Self        func() wire.Hop
	MaxChildren int // of each stream; DefaultMaxChildren
	Tracer      *trace.Tracer
}

// Room serves all children of this node.
type Room struct {
	cfg     Config
	streams Streams
	paths   Paths
	deriver Deriver
	log     *slog.Logger
	counts  counts

	mu       sync.Mutex
	children map[string][]*child // by stream
	draining bool
}

type counts struct{ opened, refused, frames, bytes, canceled, spared atomic.Uint64 }

// Stats are the room's figures.
type Stats struct {
	Children                                 int
	Opened, Refused, Frames, Bytes, Canceled uint64
	// Spared are the bytes of frames that children had from other parents.
	Spared uint64
}

// New makes the room.
func New(cfg Config, streams Streams, paths Paths, deriver Deriver, log *slog.Logger) *Room {
	if cfg.MaxChildren <= 0 {
		cfg.MaxChildren = DefaultMaxChildren
	}
	return &Room{cfg: cfg, streams: streams, paths: paths, deriver: deriver, log: log, children: make(map[string][]*child)}
}

// Stats reads the figures.
func (r *Room) Stats() Stats {
	r.mu.Lock()
	n := 0
	for _, list := range r.children {
		n += len(list)
	}
	r.mu.Unlock()
	c := &r.counts
	return Stats{n, c.opened.Load(), c.refused.Load(), c.frames.Load(), c.bytes.Load(), c.canceled.Load(), c.spared.Load()}
}

// Children are the streams that have some, and how many.
func (r *Room) Children(stream string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.children[stream])
}

// Below is what is known of the nodes that have the stream from this one, and from those.
func (r *Room) Below(stream string) []wire.NodeStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []wire.NodeStatus
	for _, c := range r.children[stream] {
		all = append(all, c.status...)
	}
	return all
}

// PathChanged tells the children of a stream that this node has it by another way.
func (r *Room) PathChanged(stream string) {
	path := r.paths.Path(stream)
	if path == nil {
		return
	}
	for _, c := range r.list(stream) {
		_ = c.link.Send(&wire.Path{Path: path}) // a link that is broken ends by itself
	}
}

func (r *Room) list(stream string) []*child {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.children[stream])
}

// Drain asks all children to find another parent, and refuses new ones.
func (r *Room) Drain() {
	r.mu.Lock()
	r.draining = true
	var all []*child
	for _, list := range r.children {
		all = append(all, list...)
	}
	r.mu.Unlock()
	for _, c := range all {
		path := r.paths.Path(c.hello.Stream)
		_ = c.link.Send(&wire.Move{Text: "the node is about to stop", Try: path[:max(0, len(path)-1)]})
	}
}

// Handle serves a link until it ends.
func (r *Room) Handle(ctx context.Context, l *wire.Link) {
	s := &session{room: r, link: l, begun: time.Now()}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.patience = time.AfterFunc(greeting, func() {
		if s.child.Load() != nil {
			l.Close(errSilent)
		}
		l.Close(errSaidNothing) // only the first cause counts
	})
	err := l.Run(s.take)
	s.cancel(err)
	s.patience.Stop()
	s.work.Wait()
	if c := s.child.Load(); c != nil {
		c.want(nil) // what it may have said at the very end
		r.remove(c)
		r.log.Info("relay: child left", "stream", c.hello.Stream, "node", c.hello.Child.Node, "remote", l.Remote,
			"cause", cmp.Or(s.cause(), err), "duration", time.Since(s.begun).Round(time.Millisecond), "frames", l.Sent())
	}
}

var (
	errSaidNothing = errors.New("the peer did not say what it wants")
	errTwice       = errors.New("the peer asked twice")
	errSilent      = errors.New("the child is silent")
	errQuiet       = errors.New("the child is silent, and another one came")
	errOver        = errors.New("the stream is over")
)

// admit decides on a child: nil, or why not and who else.
func (r *Room) admit(c *child, path []wire.Hop, epoch uint64) *wire.Refusal {
	h := c.hello
	r.mu.Lock()
	defer r.mu.Unlock()
	siblings := r.children[h.Stream]
	switch {
	case h.Version != wire.Version:
		return &wire.Refusal{Reason: wire.Foreign, Text: "this node speaks another version of the protocol"}
	case r.draining && len(path)+len(siblings) > 1: // nobody else could serve it otherwise
		return &wire.Refusal{Reason: wire.Draining, Try: append(hops(siblings, h.Child), path[:max(0, len(path)-1)]...)}
	case slices.ContainsFunc(path, func(hop wire.Hop) bool { return hop.Node == h.Child.Node }):
		return &wire.Refusal{Reason: wire.Loop, Try: path[:1]}
	case len(path) == 0:
		return &wire.Refusal{Reason: wire.Unknown, Text: "this node has no way to the stream now"}
	case epoch < h.Epoch:
		return &wire.Refusal{Reason: wire.Stale, Text: "this node has an older publication"}
	case h.Origin != "" && path[0].Node != h.Origin:
		return &wire.Refusal{Reason: wire.Stale, Text: "this node has the stream from " + path[0].Node}
	}
	if region := r.cfg.Self().Region; !h.Insist && region != h.Child.Region {
		near := slices.DeleteFunc(hops(siblings, h.Child), func(o wire.Hop) bool { return o.Region != h.Child.Region })
		if len(near) > 0 {
			return &wire.Refusal{Reason: wire.Farther, Try: near}
		}
	}
	if len(siblings) >= r.cfg.MaxChildren {
		// A child that died does not say so, and its own children come here now.
		if i := slices.IndexFunc(siblings, (*child).quiet); i >= 0 {
			siblings[i].link.Close(errQuiet)
			siblings = slices.Delete(siblings, i, i+1)
		}
	}
	if len(siblings) >= r.cfg.MaxChildren {
		return &wire.Refusal{Reason: wire.Full, Try: hops(siblings, h.Child)}
	}
	r.children[h.Stream] = append(siblings, c)
	return nil
}

// hops are the children as parents for another one: those of its region first, the
// least loaded first.
func hops(children []*child, to wire.Hop) []wire.Hop {
	var list []wire.Hop
	for _, c := range children {
		if c.hello.Child.Node == to.Node || len(c.hello.Child.Relay) == 0 {
			continue
		}
		hop := c.hello.Child
		hop.Load = float64(c.grandchildren())
		list = append(list, hop)
	}
	slices.SortStableFunc(list, func(a, b wire.Hop) int {
		return cmp.Or(-compare(a.Region == to.Region, b.Region == to.Region), cmp.Compare(a.Load, b.Load))
	})
	return list[:min(len(list), maxTry)]
}

// maxTry is enough to choose from.
const maxTry = 16

func compare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

func (r *Room) remove(c *child) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := c.hello.Stream
	r.children[name] = slices.DeleteFunc(r.children[name], func(o *child) bool { return o == c })
	if len(r.children[name]) == 0 {
		delete(r.children, name)
	}
}
