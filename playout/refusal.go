package playout

import (
	"context"

	"millrace/transmux/bus"
	"millrace/transmux/trace"
)

// Refused hears of every viewer that was not let in: the protocol and why. It must
// not block.
type Refused func(protocol string, why error)

// Open lets one viewer in, or says why not: ErrDenied, ErrTooManyViewers,
// ErrStreamFull, ErrTooManyOfYours, or an error of bus.Source's, wrapped. The viewer
// calls leave once, when it goes, with why.
func (g *Gate) Open(ctx context.Context, r Request) (sub *bus.Subscriber, leave func(cause error), err error) {
	sub, leave, err = g.open(ctx, r)
	if err != nil && g.cfg.Refused != nil {
		g.cfg.Refused(r.Protocol, err)
	}
	return sub, leave, err
}

// subscribe asks the source.
func (g *Gate) subscribe(ctx context.Context, name string) (*bus.Subscriber, error) {
	ctx, span := trace.Start(ctx, "subscribe")
	sub, err := g.source.Subscribe(ctx, name)
	span.End(err)
	return sub, err
}
