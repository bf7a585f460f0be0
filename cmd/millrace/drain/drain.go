// Package drain lets everybody go to other nodes before a process stops: nobody new is
// let in, the others are told, and who can be is asked to move.
//
// cmd/millrace makes it, counts for it who is here, and has the rooms run in its context;
// api begins it and tells how far it is. It must not know by which protocols people are
// here, nor where they can go.
package drain

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"millrace/api"
)

const (
	// defaultGrace is for who asks for a drain where none is configured.
	defaultGrace = 30 * time.Second
	// interval is how often it is looked who is left, and who must be told.
	interval = 250 * time.Millisecond
	// moveTime bounds how long sessions are asked before it is looked again.
	moveTime = time.Second
)

// Mover asks sessions that can do it to go on at another node; it returns how many.
type Mover func(ctx context.Context) int

// Config is what a Leaving is made of.
type Config struct {
	Grace    time.Duration // that everybody has by itself; zero for no drain when the process is told to stop
	Announce func()        // tells the other nodes that it begins
	Children func() int    // streams that other nodes fetch here, times the nodes
}

// Leaving lets everybody go, once. Its methods are safe for concurrent use, but for Count
// and Move, which come before it runs.
type Leaving struct {
	cfg                 Config
	log                 *slog.Logger
	viewers, publishers func() int
	movers              []Mover

	begun chan struct{} // closed when it begins
	cut   chan struct{} // until has changed

	mu           sync.Mutex
	since, until time.Time // zero before it has begun
}

// New makes one that has not begun.
func New(cfg Config, log *slog.Logger) *Leaving {
	return &Leaving{cfg: cfg, log: log, begun: make(chan struct{}), cut: make(chan struct{}, 1)}
}

// Count says who knows how many are here.
func (l *Leaving) Count(viewers, publishers func() int) {
	l.viewers, l.publishers = viewers, publishers
}

// Move adds somebody who can ask sessions to move.
func (l *Leaving) Move(m Mover) { l.movers = append(l.movers, m) }

// Drain is api.Drainer's.
func (l *Leaving) Drain(grace time.Duration) {
	grace = cmp.Or(grace, l.cfg.Grace, defaultGrace)
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
func (l *Leaving) State() api.Drain {
	s := api.Drain{Viewers: l.viewers(), Publishers: l.publishers(), Children: l.cfg.Children()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.Draining = !l.since.IsZero(); s.Draining {
		since, until := l.since.UTC().Truncate(time.Millisecond), l.until.UTC().Truncate(time.Millisecond)
		s.Since, s.Until = &since, &until
	}
	return s
}

// Active says whether it has begun.
func (l *Leaving) Active() bool {
	select {
	case <-l.begun:
		return true
	default:
		return false
	}
}

// Left is how many are here still.
func (l *Leaving) Left() int { return l.viewers() + l.publishers() + l.cfg.Children() }

func (l *Leaving) deadline() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until
}

// First gives the context that the rooms run in: it ends when a drain is over, or
// with ctx where there is none to be made. release waits.
func (l *Leaving) First(ctx context.Context) (inner context.Context, release func()) {
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
			if l.cfg.Grace == 0 {
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
func (l *Leaving) run(ctx, told context.Context) {
	begun := time.Now()
	l.log.Info("draining", "grace", time.Until(l.deadline()).Round(time.Millisecond),
		"viewers", l.viewers(), "publishers", l.publishers(), "children", l.cfg.Children())
	l.cfg.Announce()
	late := time.NewTimer(time.Until(l.deadline()))
	defer late.Stop()
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	stop := told.Done()
	asked := 0
	cause := "nobody is left"
wait:
	for l.Left() > 0 {
		asked += l.move(ctx)
		select {
		case <-ticks.C:
		case <-l.cut:
			late.Reset(time.Until(l.deadline()))
		case <-stop:
			if stop = nil; l.cfg.Grace == 0 {
				cause = "told to stop"
				break wait
			}
			l.Drain(l.cfg.Grace)
		case <-late.C:
			cause = "the time is over"
			break wait
		case <-ctx.Done():
			cause = "a room failed"
			break wait
		}
	}
	l.log.Info("drained", "cause", cause, "duration", time.Since(begun).Round(time.Millisecond), "asked", asked,
		"viewers", l.viewers(), "publishers", l.publishers(), "children", l.cfg.Children())
}

// move asks who can be asked, for a moment: many viewers are many new sessions.
func (l *Leaving) move(ctx context.Context) (asked int) {
	ctx, cancel := context.WithTimeout(ctx, moveTime)
	defer cancel()
	for _, move := range l.movers {
		asked += move(ctx)
	}
	return asked
}
