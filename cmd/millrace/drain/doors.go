package drain

import (
	"context"
	"fmt"

	"millrace/transmux/bus"
)

// errLeaving is what who comes now is told.
var errLeaving = fmt.Errorf("%w: this node is being drained, come again at another one", bus.ErrShutdown)

// Hub is where those come in who publish.
type Hub interface {
	Publish(name string, info bus.PublisherInfo) (*bus.Publisher, error)
}

// Publishers is the Hub for a gate: nobody new comes in once the drain has begun.
func (l *Leaving) Publishers(hub Hub) Hub { return newPublishers{l, hub} }

// Viewers is the Source for a gate, likewise.
func (l *Leaving) Viewers(source bus.Source) bus.Source { return newViewers{l, source} }

type newPublishers struct {
	leaving *Leaving
	hub     Hub
}

// Publish is the Hub's, while people are let in.
func (n newPublishers) Publish(name string, info bus.PublisherInfo) (*bus.Publisher, error) {
	if n.leaving.Active() {
		return nil, errLeaving
	}
	return n.hub.Publish(name, info)
}

type newViewers struct {
	leaving *Leaving
	source  bus.Source
}

// Subscribe is the Source's, while people are let in.
func (n newViewers) Subscribe(ctx context.Context, name string) (*bus.Subscriber, error) {
	if n.leaving.Active() {
		return nil, errLeaving
	}
	return n.source.Subscribe(ctx, name)
}
