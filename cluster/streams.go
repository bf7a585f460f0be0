package cluster

import (
	"context"

	"millrace/transmux/bus"
)

// streams are what other nodes can have from this one: copies as they are, and what
// it publishes or can begin by itself.
type streams struct {
	hub *bus.Hub
	own Own
}

// Hold is feed.Streams'. It never makes this node fetch from another one: two nodes
// would wait for each other.
func (s streams) Hold(ctx context.Context, name string) (*bus.Stream, func(), error) {
	if stream, release, err := s.hub.Hold(name); err == nil {
		if stream.Mirrored() {
			return stream, release, nil
		}
		release()
	}
	return s.own.Hold(ctx, name)
}
