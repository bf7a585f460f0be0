package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"millrace/api"
	"millrace/transmux/bus"
)

// stopTimeout is how long the rooms have for telling their sessions and ending
// them; five seconds are promised, and the process needs some of them itself.
const stopTimeout = 4 * time.Second

// gateway is one node: the bus, and the rooms around it.
type gateway struct {
	log       *slog.Logger
	listeners listeners
	hub       *bus.Hub
	api       *api.API
	tasks     []task
	// closers end what is not a task, in this order, after the bus has ended
	// the streams.
	closers []func()
}

// open opens the listeners and puts the rooms together.
func open(cfg Config, log *slog.Logger) (*gateway, error) {
	l, err := listen(cfg, log)
	if err != nil {
		return nil, fmt.Errorf("cannot listen:\n%w", err)
	}
	g := &gateway{log: log, listeners: l, hub: bus.New(bus.Config{
		MaxBytes: cfg.Stream.MaxBytes, MaxFrames: cfg.Stream.MaxFrames, Linger: cfg.Stream.Linger,
	})}
	g.furnish(cfg)
	return g, nil
}

// run serves until ctx ends or a room fails, then stops everything: no new
// sessions, the bus tells the old ones, and every goroutine is waited for.
func (g *gateway) run(ctx context.Context, extra ...task) error {
	running := newTasks(ctx)
	running.start(task{"ending the sessions", g.endSessions})
	for _, one := range append(g.tasks, extra...) {
		running.start(one)
	}
	g.api.SetReady(true)
	<-running.ctx.Done()
	err := running.wait(stopTimeout)
	g.listeners.close()
	if err == nil {
		g.log.Info("stopped")
	}
	return err
}

// endSessions waits for the end and then makes it known.
func (g *gateway) endSessions(ctx context.Context) error {
	<-ctx.Done()
	g.api.SetReady(false)
	g.hub.Close()
	for _, closing := range g.closers {
		closing()
	}
	return nil
}
