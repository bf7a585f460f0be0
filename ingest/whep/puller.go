// Package whep fetches streams from other WHEP servers: another gateway of this
// kind, or any server that plays to browsers (draft-ietf-wish-whep-03).
//
// ingest/pull calls its Puller. It must not know who watches, nor when to fetch.
package whep

import (
	"context"
	"errors"
	"log/slog"

	"millrace/ingest"
	"millrace/transmux/bus"
)

// Gate lets the fetched streams in; *ingest.Gate is one.
type Gate interface {
	Open(ctx context.Context, r ingest.Request) (*bus.Publisher, error)
}

// Puller fetches from http and https URLs of WHEP endpoints.
type Puller struct {
	gate Gate
	log  *slog.Logger
}

// NewPuller makes a puller.
func NewPuller(gate Gate, log *slog.Logger) *Puller { return &Puller{gate: gate, log: log} }

var errUnfinished = errors.New("whep: cannot be fetched yet")

// Pull fetches one source until ctx or the session ends.
func (p *Puller) Pull(context.Context, ingest.Source) error { return errUnfinished }
