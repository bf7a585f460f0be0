package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"sync"
	"time"

	"millrace/api"
	"millrace/cluster/assign"
	"millrace/cluster/directory"
	"millrace/cmd/millrace/config"
	"millrace/ingest/rtmp"
	"millrace/playout/whep"
	"millrace/transmux/bus"
)

const (
	// defaultGrace is for who asks for a drain where shutdown.drain is not set.
	defaultGrace = 30 * time.Second
	// leaveInterval is how often it is looked who is left, and who must be told.
	leaveInterval = 250 * time.Millisecond
	// moveTime bounds how long sessions are asked before it is looked again.
	moveTime = time.Second
)

// mover asks sessions that can do it to go on at another node; it returns how many.
type mover func(ctx context.Context) int

// leaving lets everybody go to other nodes before this one stops: nobody new is
// let in, the others are told, and who can be is asked to move.
type leaving struct {
	grace               time.Duration // shutdown.drain
	log                 *slog.Logger
	announce            func() // tells the other nodes
	viewers, publishers func() int
	children            func() int
	movers              []mover

	begun chan struct{} // closed when it begins
	cut   chan struct{} // until has changed

	mu           sync.Mutex
	since, until time.Time // zero before it has begun
}

// furnishDrain makes it; the rooms put in who is there as they are made.
func (g *gateway) furnishDrain(cfg config.Config, metrics *api.Metrics) {
	l := &leaving{
		grace: cfg.Shutdown.Drain, log: g.log, begun: make(chan struct{}), cut: make(chan struct{}, 1),
		announce: func() {
			g.neighbours.dir.Drain(true)
			if g.door.cluster != nil {
				g.door.cluster.Drain()
			}
		},
		children: func() int {
			if g.door.cluster == nil {
				return 0
			}
			_, fed := g.door.cluster.Stats()
			return fed.Children
		},
	}
	g.leaving = l
	metrics.Gauge("millrace_draining", "1 while the node lets everybody go before it stops.", func() float64 {
		if l.active() {
			return 1
		}
		return 0
	})
	metrics.Gauge("millrace_draining_sessions", "Viewers, publishers and other nodes' fetches that a node that drains still has.", func() float64 {
		if !l.active() {
			return 0
		}
		return float64(l.left())
	})
}

// Drain is api.Drainer's.
func (l *leaving) Drain(grace time.Duration) {
	grace = cmp.Or(grace, l.grace, defaultGrace)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	until := now.Add(grace)
	if l.since.IsZero() {
		l.since, l.until = now, until
		close(l.begun)
		return
	}
	if until.Before(l.until) {
		l.until = until
		select {
		case l.cut <- struct{}{}:
		default:
		}
	}
}

// State is api.Drainer's.
func (l *leaving) State() api.Drain {
	s := api.Drain{Viewers: l.viewers(), Publishers: l.publishers(), Children: l.children()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.Draining = !l.since.IsZero(); s.Draining {
		since, until := l.since.UTC().Truncate(time.Millisecond), l.until.UTC().Truncate(time.Millisecond)
		s.Since, s.Until = &since, &until
	}
	return s
}

func (l *leaving) active() bool {
	select {
	case <-l.begun:
		return true
	default:
		return false
	}
}

func (l *leaving) left() int { return l.viewers() + l.publishers() + l.children() }

func (l *leaving) deadline() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until
}

// first gives the context that the rooms run in: it ends when a drain is over, or
// with ctx where there is none to be made. release waits.
func (l *leaving) first(ctx context.Context) (inner context.Context, release func()) {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		select {
		case <-inner.Done():
			return
		case <-l.begun:
		case <-ctx.Done():
			if l.grace == 0 {
				return
			}
			l.Drain(0)
		}
		l.run(inner, ctx)
	}()
	return inner, func() { cancel(); <-done }
}

// run lets everybody go, until nobody is left, the time is over, or it is cut
// short: told ends with the process being told to stop.
func (l *leaving) run(ctx, told context.Context) {
	begun := time.Now()
	l.log.Info("draining", "grace", time.Until(l.deadline()).Round(time.Millisecond),
		"viewers", l.viewers(), "publishers", l.publishers(), "children", l.children())
	l.announce()
	late := time.NewTimer(time.Until(l.deadline()))
	defer late.Stop()
	ticks := time.NewTicker(leaveInterval)
	defer ticks.Stop()
	stop := told.Done()
	asked := 0
	cause := "nobody is left"
wait:
	for l.left() > 0 {
		asked += l.move(ctx)
		select {
		case <-ticks.C:
		case <-l.cut:
			late.Reset(time.Until(l.deadline()))
		case <-stop:
			if stop = nil; l.grace == 0 {
				cause = "told to stop"
				break wait
			}
			l.Drain(l.grace)
		case <-late.C:
			cause = "the time is over"
			break wait
		case <-ctx.Done():
			cause = "a room failed"
			break wait
		}
	}
	l.log.Info("drained", "cause", cause, "duration", time.Since(begun).Round(time.Millisecond), "asked", asked,
		"viewers", l.viewers(), "publishers", l.publishers(), "children", l.children())
}

// move asks who can be asked, for a moment: many viewers are many new sessions.
func (l *leaving) move(ctx context.Context) (asked int) {
	ctx, cancel := context.WithTimeout(ctx, moveTime)
	defer cancel()
	for _, move := range l.movers {
		asked += move(ctx)
	}
	return asked
}

// errLeaving is what who comes now is told.
var errLeaving = fmt.Errorf("%w: this node is being drained, come again at another one", bus.ErrShutdown)

// newPublishers is the Hub for a gate: nobody new comes in once the node drains.
type newPublishers struct {
	leaving *leaving
	hub     interface {
		Publish(name string, info bus.PublisherInfo) (*bus.Publisher, error)
	}
}

// Publish is ingest.Hub's.
func (n newPublishers) Publish(name string, info bus.PublisherInfo) (*bus.Publisher, error) {
	if n.leaving.active() {
		return nil, errLeaving
	}
	return n.hub.Publish(name, info)
}

// newViewers is the Source for a gate, likewise.
type newViewers struct {
	leaving *leaving
	source  bus.Source
}

// Subscribe is bus.Source's.
func (n newViewers) Subscribe(ctx context.Context, name string) (*bus.Subscriber, error) {
	if n.leaving.active() {
		return nil, errLeaving
	}
	return n.source.Subscribe(ctx, name)
}

// another is a node that takes somebody over from this one.
func (n *neighbours) another(kind assign.Kind) (directory.Peer, bool) {
	if n.assign == nil {
		return directory.Peer{}, false
	}
	self := n.dir.Self()
	return assign.Choose(n.dir.Nodes(), assign.Request{Kind: kind, Region: self.Region, Self: self.ID, Chance: rand.Float64()}, assign.ByRole)
}

// hosts are those that the pages may be sent to, by a redirect or when this node
// drains: whichever the nodes that will come may have.
func (n *neighbours) hosts() []string {
	if n.assign == nil {
		return nil
	}
	return []string{"http:", "https:"}
}

// moveBrowsers asks players to begin their sessions at another node.
func moveBrowsers(g *gateway, room *whep.Room) mover {
	return func(ctx context.Context) int {
		return room.Move(ctx, func(stream string) string {
			to, ok := g.neighbours.another(assign.Viewer)
			if !ok {
				return ""
			}
			at, err := url.Parse(to.HTTP)
			if err != nil {
				return ""
			}
			return at.JoinPath(whep.Path, stream).String()
		})
	}
}

// moveEncoders asks encoders that can do it to connect anew: to another node if
// they came to this one by its own address, and else to where they came to, which
// is more than one node's.
func moveEncoders(g *gateway, server *rtmp.Server) mover {
	return func(context.Context) int {
		to, ok := g.neighbours.another(assign.Publisher)
		if !ok {
			return 0
		}
		own, other := hostOf(g.neighbours.dir.Self().HTTP), hostOf(to.HTTP)
		return server.Reconnect(func(host string) string {
			if host == own {
				return other
			}
			return host
		})
	}
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
