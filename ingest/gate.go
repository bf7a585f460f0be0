// Package ingest is the door that every publisher comes through, whatever
// protocol it speaks, and the repair of the clocks they bring along.
//
// The protocol rooms (ingest/rtmp and its siblings) call it once they know who
// wants to publish what. It knows names, credentials and the bus; it must not
// know a protocol, a connection or a codec.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"millrace/transmux/access"
	"millrace/transmux/bus"
	"millrace/transmux/crowd"
	"millrace/transmux/ledger"
	"millrace/transmux/trace"
)

// The sentinels of the gate. Names that are bad or taken give the bus's own.
// Those of the limits are in limits.go.

// ErrDenied means that the credential does not allow it.
var ErrDenied = errors.New("publishing is not allowed with this credential")

const (
	// DefaultMaxPublishers bounds memory: each publisher may fill a ring of
	// tens of megabytes.
	DefaultMaxPublishers = 500
	// authorizeTimeout is less than the time that a protocol room gives a
	// publisher to get going, so that the publisher hears the reason.
	authorizeTimeout = 5 * time.Second
)

// Request is what a peer asks for.
type Request struct {
	Name       string // the stream, as the peer spelled it
	Protocol   string // "rtmp", "whip", "rtsp"
	Remote     string // the peer's address and port
	Encoder    string // what the peer calls itself, if it has said so
	User       string // of the credential, if it has one; never logged
	Credential string // a token or a password, or nothing; never logged
	// Proves says whether the peer has shown that it knows that password, where it
	// did so without telling it (RTSP's digest authentication). Where it is nil,
	// Credential is the password or token itself.
	Proves    func(password string) bool
	Refreshes bool // the peer makes a keyframe when it is asked for one

	// End ends the peer's session for that cause: the gate calls it, from any
	// goroutine, when what let the peer in is over. Nil for who is let in for good.
	End func(cause error)
	// Numbers reads how the peer's session is doing, from any goroutine and without
	// waiting; nil where nothing is known.
	Numbers func() ledger.Numbers
	// Permit is where the Authorizer leaves its conditions; the gate makes it.
	Permit *access.Permit
}

// LogValue leaves user and credential out.
func (r Request) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", r.Name),
		slog.String("protocol", r.Protocol), slog.String("remote", r.Remote))
}

// Authorizer says whether a request may publish: nil, or an error. Errors that
// wrap ErrDenied are the peer's fault, others are ours.
type Authorizer func(ctx context.Context, r Request) error

// Hub is the part of the bus that the gate needs.
type Hub interface {
	Publish(name string, info bus.PublisherInfo) (*bus.Publisher, error)
}

// Config is the gate's settings. Zero fields take the default.
type Config struct {
	Limits    Limits
	Authorize Authorizer     // nil lets everybody publish
	Ledger    *ledger.Ledger // where sessions are entered; nil for nowhere
	Tracer    *trace.Tracer  // nil traces nothing
	Refused   Refused        // nil for nobody
}

// Gate lets publishers in. Its methods are safe for concurrent use.
type Gate struct {
	hub    Hub
	cfg    Config
	log    *slog.Logger
	limits atomic.Pointer[Limits]
	crowd  *crowd.Crowd
}

// New makes a gate in front of the hub.
func New(hub Hub, cfg Config, log *slog.Logger) *Gate {
	g := &Gate{hub: hub, cfg: cfg, log: log, crowd: crowd.New(LimitPublishers, LimitPerUser, LimitPerAddress, LimitBitrate)}
	g.Configure(cfg.Limits)
	return g
}

// Publishers is how many are in.
func (g *Gate) Publishers() int { return g.crowd.Inside() }

func (g *Gate) open(ctx context.Context, r Request) (*bus.Publisher, error) {
	if err := bus.ValidName(r.Name); err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	r.Permit = new(access.Permit)
	asking, span := trace.Start(ctx, "gate")
	err := g.Authorize(asking, r)
	span.End(err)
	if err != nil {
		return nil, err
	}
	part, err := g.enter(&r)
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	p, err := g.publish(ctx, r)
	if err != nil {
		part()
		return nil, fmt.Errorf("ingest: %w", err)
	}
	end := r.End
	if end == nil {
		end = func(error) { p.Close() } // what it writes from then on goes nowhere
	}
	_, leave := g.cfg.Ledger.Enter(ledger.Session{
		Role: ledger.Publisher, Stream: r.Name, Protocol: r.Protocol, Remote: r.Remote, Agent: r.Encoder,
		Holder: r.Permit.Holder, End: end, Numbers: r.Numbers,
	})
	context.AfterFunc(ctx, func() { part(); leave(context.Cause(ctx)) })
	g.hold(ctx, r, p, end)
	g.log.Debug("ingest: let in", "request", r)
	return p, nil
}

// Authorize says whether the request may publish, as Open asks: for what a
// publisher does once it is in.
func (g *Gate) Authorize(ctx context.Context, r Request) error {
	if g.cfg.Authorize == nil {
		return nil
	}
	if r.Permit == nil {
		r.Permit = new(access.Permit) // nobody wants to know
	}
	ctx, cancel := context.WithTimeout(ctx, authorizeTimeout)
	defer cancel()
	if err := g.cfg.Authorize(ctx, r); err != nil {
		return fmt.Errorf("ingest: %w", err)
	}
	return nil
}
