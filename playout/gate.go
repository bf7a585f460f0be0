// Package playout is the door that every viewer goes through, whatever protocol
// it speaks.
//
// The protocol rooms (playout/whep and its siblings) call it once they know who
// wants to watch what. It must not know a protocol.
package playout

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"millrace/transmux/access"
	"millrace/transmux/bus"
	"millrace/transmux/crowd"
	"millrace/transmux/ledger"
	"millrace/transmux/trace"
)

// ErrDenied means that the credential does not allow it. A stream that is not there
// gives the bus's own sentinels; those of the limits are in limits.go.
var ErrDenied = errors.New("watching is not allowed with this credential")

// DefaultMaxViewers bounds memory: a viewer costs some tens of kilobytes.
const DefaultMaxViewers = 20_000

// Request is what a viewer asks for.
type Request struct {
	Stream     string
	Protocol   string // "whep", "rtsp"
	Remote     string // the viewer's address
	Agent      string // what the viewer calls itself, if it does
	User       string // of the credential, if it has one; never logged
	Credential string // a token or a password, or nothing; never logged
	// Proves says whether the viewer has shown that it knows that password, where it
	// did so without telling it (RTSP's digest authentication). Where it is nil,
	// Credential is the password or token itself.
	Proves func(password string) bool

	// End ends the viewer's session for that cause: the gate calls it, from any
	// goroutine, when what let the viewer in is over. Nil for who is let in for good.
	End func(cause error)
	// Numbers reads how the viewer's session is doing, from any goroutine and without
	// waiting; nil where nothing is known.
	Numbers func() ledger.Numbers
	// Permit is where the Authorizer leaves its conditions; the gate makes it.
	Permit *access.Permit
}

// Authorizer says whether a request may play: nil, or an error that wraps
// ErrDenied where that is the viewer's fault.
type Authorizer func(ctx context.Context, r Request) error

// Config is the gate's settings. Zero fields take the default.
type Config struct {
	Limits    Limits
	Authorize Authorizer     // nil lets everybody watch
	Ledger    *ledger.Ledger // where sessions are entered; nil for nowhere
	Refused   Refused        // nil for nobody
}

// Gate lets viewers in. Its methods are safe for concurrent use.
type Gate struct {
	source bus.Source
	cfg    Config
	limits atomic.Pointer[Limits]
	crowd  *crowd.Crowd
}

// New makes a gate in front of the source.
func New(source bus.Source, cfg Config) *Gate {
	g := &Gate{source: source, cfg: cfg, crowd: crowd.New(LimitViewers, LimitPerStream, LimitPerAddress, LimitPerToken)}
	g.Configure(cfg.Limits)
	return g
}

// Viewers is how many are in.
func (g *Gate) Viewers() int { return g.crowd.Inside() }

// Authorize says whether the request may play, as Open asks: for what a viewer
// does once it is in.
func (g *Gate) Authorize(ctx context.Context, r Request) error {
	if g.cfg.Authorize == nil {
		return nil
	}
	if r.Permit == nil {
		r.Permit = new(access.Permit) // nobody wants to know
	}
	if err := g.cfg.Authorize(ctx, r); err != nil {
		return fmt.Errorf("playout: %w", err)
	}
	return nil
}

func (g *Gate) open(ctx context.Context, r Request) (sub *bus.Subscriber, leave func(cause error), err error) {
	r.Permit = new(access.Permit)
	asking, span := trace.Start(ctx, "gate")
	err = g.Authorize(asking, r)
	span.End(err)
	if err != nil {
		return nil, nil, err
	}
	part, err := g.enter(&r)
	if err != nil {
		return nil, nil, fmt.Errorf("playout: %w", err)
	}
	sub, err = g.subscribe(ctx, r.Stream)
	if err != nil {
		part()
		return nil, nil, fmt.Errorf("playout: %w", err)
	}
	stop := func() bool { return true }
	if until := r.Permit.Until; !until.IsZero() && r.End != nil {
		stop = time.AfterFunc(time.Until(until), func() { r.End(access.ErrExpired) }).Stop
	}
	_, strike := g.cfg.Ledger.Enter(ledger.Session{
		Role: ledger.Viewer, Stream: r.Stream, Protocol: r.Protocol, Remote: r.Remote, Agent: r.Agent,
		Holder: r.Permit.Holder, End: r.End, Numbers: r.Numbers,
	})
	return sub, func(cause error) { stop(); sub.Close(); part(); strike(cause) }, nil
}
