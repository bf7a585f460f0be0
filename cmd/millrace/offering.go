package main

import (
	"context"
	"log/slog"
	"time"

	"millrace/cluster/directory"
)

// offerInterval is how soon a source that a new configuration brings can be watched
// on other nodes.
const offerInterval = time.Second

// offering tells the other nodes that this one can begin its sources' streams: those
// that are fetched on demand, and those that cannot be had now, of which it says why.
type offering struct {
	dir  *directory.Directory
	log  *slog.Logger
	made map[string]func() // what withdraws each
}

// serve keeps the offers those of the sources that there are, until ctx ends.
func (o *offering) serve(ctx context.Context, sources func() []string) error {
	ticks := time.NewTicker(offerInterval)
	defer ticks.Stop()
	defer o.settle(nil)
	for {
		o.settle(sources())
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (o *offering) settle(sources []string) {
	there := make(map[string]bool, len(sources))
	for _, name := range sources {
		there[name] = true
		if o.made[name] != nil {
			continue
		}
		withdraw, err := o.dir.Offer(name)
		if err != nil {
			o.log.Debug("relay: the other nodes cannot ask for a source yet", "stream", name, "cause", err)
			continue
		}
		o.made[name] = withdraw
	}
	for name, withdraw := range o.made {
		if !there[name] {
			withdraw()
			delete(o.made, name)
		}
	}
}
