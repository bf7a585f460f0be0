// Package whep fetches streams from WHEP servers: another gateway of this kind, or
// any server that plays to browsers (draft-ietf-wish-whep-03).
//
// ingest/pull calls its Puller; a session is one Pull. The endpoint is that of
// rtc/sender, on a port of its own: what a server says of itself can then cost
// nobody else anything, and needs no port that is open from outside. This room must
// not know who watches, nor when to fetch.
package whep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"millrace/ingest"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/intake"
)

// Gate lets the fetched streams in; *ingest.Gate is one.
type Gate interface {
	Open(ctx context.Context, r ingest.Request) (*bus.Publisher, error)
}

// Config is the puller's settings. The zero value will do.
type Config struct {
	// Address is what the sessions' sockets are bound to; empty is any address.
	Address string
}

// Puller fetches from the http and https URLs of WHEP endpoints. Its methods are
// safe for concurrent use.
type Puller struct {
	cfg      Config
	gate     Gate
	client   *http.Client
	log      *slog.Logger
	counters intake.Counters
}

// NewPuller makes a puller in front of the gate.
func NewPuller(cfg Config, gate Gate, log *slog.Logger) *Puller {
	if cfg.Address == "" {
		cfg.Address = ":0"
	}
	return &Puller{cfg: cfg, gate: gate, client: newClient(), log: log}
}

// Pull fetches one source until ctx ends or the session does, and returns why.
func (p *Puller) Pull(ctx context.Context, source ingest.Source) error {
	begun := time.Now()
	log := p.log.With("stream", source.Name)
	err := p.pull(ctx, source, log)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	log.Debug("whep: pull over", "source", source, "cause", err, "duration", time.Since(begun).Round(time.Millisecond))
	return fmt.Errorf("whep: %w", err)
}

// pull is one session from the sockets to their end.
func (p *Puller) pull(ctx context.Context, source ingest.Source, log *slog.Logger) error {
	t, err := newTransport(p.cfg.Address, p.log)
	if err != nil {
		return err
	}
	defer t.stop()
	server, err := newServer(p.client, source.URL)
	if err != nil {
		return err
	}
	s := &session{puller: p, source: source, server: server, log: log, connected: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	return s.run(t)
}
