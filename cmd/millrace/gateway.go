package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"millrace/api"
	"millrace/api/diagnosis"
	"millrace/api/hooks"
	"millrace/cluster/wire"
	"millrace/cmd/millrace/config"
	"millrace/cmd/millrace/drain"
	"millrace/cmd/millrace/reload"
	"millrace/transmux/access"
	"millrace/transmux/bus"
	"millrace/transmux/journal"
	"millrace/transmux/ledger"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/trace"
)

// stopTimeout is how long the rooms have for telling their sessions and ending
// them; five seconds are promised, and the process needs some of that itself.
const stopTimeout = 4 * time.Second

// gateway is one node: the bus, and the rooms around it.
type gateway struct {
	log        *slog.Logger
	listeners  listeners
	hub        *bus.Hub
	journal    *journal.Journal // what happened here
	hooks      *hooks.Room      // tell others of it
	ledger     *ledger.Ledger   // who is here
	stages     stages           // of the added latency
	tracer     *trace.Tracer    // of sessions; nil for none
	source     bus.Source       // the Hub for viewers, behind what brings streams into it
	api        *api.API
	diagnosis  *diagnosis.Room // says why a stream does not play
	access     *access.Room
	key        string           // that was made for publishing; "" for none
	neighbours *neighbours      // in the cluster
	relay      *wire.Endpoint   // for other nodes; nil for a single one
	door       *door            // the Hub for those who publish
	wanted     wants            // has tracks made for viewers
	leaving    *drain.Leaving   // lets everybody go before it stops
	tracks     *trackTeller     // what publishers send
	reload     *reload.Reloader // puts other settings in force
	sessions   *resource.Room   // of WHIP and WHEP; nil where there is no WebRTC
	// What runs, in the order in which it is stopped: see runStages. First the
	// doors and the streams, then the viewers, the derivations that served them,
	// and last the transport and the port that carry the farewells.
	doors, viewers, derivations, transport, port []task
	// directory is the last to go: the others hear from it that we have.
	directory []task
	// afterwards is what tells of the end of all that.
	afterwards []task
}

// open opens the listeners and puts the rooms together.
func open(cfg config.Config, log *slog.Logger) (*gateway, error) {
	l, err := listen(cfg, log)
	if err != nil {
		return nil, fmt.Errorf("cannot listen:\n%w", err)
	}
	g := &gateway{log: log, listeners: l, hub: bus.New(bus.Config{
		MaxBytes: cfg.Stream.MaxBytes, MaxFrames: cfg.Stream.MaxFrames, Linger: cfg.Stream.Linger,
	})}
	if err := g.join(cfg); err != nil {
		l.close()
		return nil, err
	}
	g.journal = journal.New(g.neighbours.dir.Self().ID, journal.DefaultKeep)
	g.ledger = ledger.New(g.journal)
	g.reload = reload.New(cfg, g.journal, g.log)
	g.furnish(cfg)
	return g, nil
}

// run serves until ctx ends or a room fails, then stops everything in order. The
// error is nil after a stop by ctx that every session took.
func (g *gateway) run(ctx context.Context, extra ...task) error {
	defer g.listeners.close()
	doors := append(g.doors, extra...)
	doors = append(doors, atEnd("streams", func() {
		g.api.SetReady(false)
		g.hub.Close()
	}))
	ctx, release := g.leaving.First(ctx)
	defer release()
	g.api.SetReady(true) // the listeners stand, and nobody is answered before the doors open
	err := runStages(ctx, [][]task{doors, g.viewers, g.derivations, g.transport, g.port, g.directory, g.afterwards}, stopTimeout)
	if err == nil {
		g.log.Info("stopped")
	}
	return err
}
