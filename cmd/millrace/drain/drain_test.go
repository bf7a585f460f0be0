package drain

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/bus"
)

// node is one that drains, with so many viewers.
type node struct {
	*Leaving
	viewers   atomic.Int64
	announced atomic.Int64
	asked     atomic.Int64
}

func newNode(grace time.Duration) *node {
	n := &node{}
	n.Leaving = New(Config{
		Grace:    grace,
		Announce: func() { n.announced.Add(1) },
		Children: func() int { return 0 },
	}, slog.New(slog.DiscardHandler))
	n.Count(func() int { return int(n.viewers.Load()) }, func() int { return 0 })
	n.Move(func(context.Context) int { n.asked.Add(1); return 1 })
	return n
}

// TestUntil: the rooms run on until nobody is left, the time is over, or it is cut short.
func TestUntil(t *testing.T) {
	for name, tt := range map[string]struct {
		grace time.Duration
		play  func(n *node, told context.CancelFunc)
		takes time.Duration
		drain bool
	}{
		"nobody is left": {time.Minute, func(n *node, told context.CancelFunc) {
			told()
			time.Sleep(10*time.Second + interval/2)
			n.viewers.Store(0)
		}, 10*time.Second + interval, true},
		"the time is over":       {time.Minute, func(_ *node, told context.CancelFunc) { told() }, time.Minute, true},
		"no drain is configured": {0, func(_ *node, told context.CancelFunc) { told() }, 0, false},
		"it is asked for": {0, func(n *node, _ context.CancelFunc) {
			n.Drain(20 * time.Second)
		}, 20 * time.Second, true},
		"it is cut short": {time.Minute, func(n *node, _ context.CancelFunc) {
			n.Drain(0)
			time.Sleep(10 * time.Second)
			n.Drain(time.Hour) // which is later, and nothing
			n.Drain(5 * time.Second)
		}, 15 * time.Second, true},
		"it is asked for, and then told to stop": {0, func(n *node, told context.CancelFunc) {
			n.Drain(time.Minute)
			time.Sleep(time.Second)
			told()
		}, time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNode(tt.grace)
				n.viewers.Store(3)
				told, tell := context.WithCancel(t.Context())
				defer tell()
				inner, release := n.First(told)
				defer release()
				begun := time.Now()
				go tt.play(n, tell)
				<-inner.Done()
				if took := time.Since(begun); took != tt.takes {
					t.Errorf("it took %v, not %v", took, tt.takes)
				}
				if n.Active() != tt.drain || (n.announced.Load() == 1) != tt.drain || (n.asked.Load() > 0) != tt.drain {
					t.Errorf("active %v, announced %d times, asked %d times", n.Active(), n.announced.Load(), n.asked.Load())
				}
			})
		})
	}
}

// TestNobodyNew: who comes once it has begun is sent elsewhere.
func TestNobodyNew(t *testing.T) {
	hub := bus.New(bus.Config{})
	defer hub.Close()
	n := newNode(0)
	publishers, viewers := n.Publishers(hub), n.Viewers(hub)
	p, err := publishers.Publish("live/a", bus.PublisherInfo{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	n.Drain(time.Minute)
	if _, err := publishers.Publish("live/b", bus.PublisherInfo{}); !errors.Is(err, bus.ErrShutdown) {
		t.Errorf("a publisher: %v", err)
	}
	if _, err := viewers.Subscribe(t.Context(), "live/a"); !errors.Is(err, bus.ErrShutdown) {
		t.Errorf("a viewer: %v", err)
	}
	if s := n.State(); !s.Draining || s.Since == nil || s.Until.Sub(*s.Since) != time.Minute {
		t.Errorf("%+v", s)
	}
}
