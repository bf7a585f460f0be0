package ingest

import (
	"context"

	"millrace/transmux/bus"
	"millrace/transmux/trace"
)

// Refused hears of every publisher that was not let in: the protocol and why. It
// must not block.
type Refused func(protocol string, why error)

// Open lets one publisher in, or says why not: bus.ErrBadName, ErrDenied,
// ErrTooManyPublishers, ErrTooManyOfYours, bus.ErrNameTaken or bus.ErrShutdown,
// wrapped. ctx is the context of the publisher's session: its place is held until
// ctx ends. The caller closes the publisher.
func (g *Gate) Open(ctx context.Context, r Request) (*bus.Publisher, error) {
	traced, span := g.cfg.Tracer.BeginIn(ctx, "publish")
	span.Set("stream", r.Name)
	span.Set("protocol", r.Protocol)
	span.Set("client.address", r.Remote)
	span.Set("agent", r.Encoder)
	p, err := g.open(traced, r)
	if err != nil {
		span.End(err)
		if g.cfg.Refused != nil {
			g.cfg.Refused(r.Protocol, err)
		}
		return nil, err
	}
	if span != nil {
		context.AfterFunc(ctx, func() { span.Stop(context.Cause(ctx)) })
	}
	return p, nil
}

// publish takes the stream's name.
func (g *Gate) publish(ctx context.Context, r Request) (*bus.Publisher, error) {
	_, span := trace.Start(ctx, "claim")
	p, err := g.hub.Publish(r.Name, bus.PublisherInfo{
		Protocol: r.Protocol, Remote: r.Remote, Encoder: r.Encoder, Refreshes: r.Refreshes,
	})
	span.End(err)
	return p, err
}
