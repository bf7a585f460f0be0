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
	"sync"
	"sync/atomic"
	"time"

	"millrace/transmux/access"
	"millrace/transmux/bus"
	"millrace/transmux/ledger"
)

// The sentinels of the gate. A stream that is not there gives the bus's own.
var (
	ErrDenied         = errors.New("watching is not allowed with this credential")
	ErrTooManyViewers = errors.New("too many viewers")
)

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
	MaxViewers int            // DefaultMaxViewers
	Authorize  Authorizer     // nil lets everybody watch
	Ledger     *ledger.Ledger // where sessions are entered; nil for nowhere
}

// Gate lets viewers in. Its methods are safe for concurrent use.
type Gate struct {
	source bus.Source
	cfg    Config
	inside atomic.Int64

	mu      sync.Mutex
	holders map[string]int // who watches with credentials that may only so often
}

// New makes a gate in front of the source.
func New(source bus.Source, cfg Config) *Gate {
	if cfg.MaxViewers <= 0 {
		cfg.MaxViewers = DefaultMaxViewers
	}
	return &Gate{source: source, cfg: cfg, holders: make(map[string]int)}
}

// Viewers is how many are in.
func (g *Gate) Viewers() int { return int(g.inside.Load()) }

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

// Open lets one viewer in, or says why not: ErrDenied, ErrTooManyViewers, or an
// error of bus.Source's, wrapped. The viewer calls leave once, when it goes.
func (g *Gate) Open(ctx context.Context, r Request) (sub *bus.Subscriber, leave func(), err error) {
	r.Permit = new(access.Permit)
	if err := g.Authorize(ctx, r); err != nil {
		return nil, nil, err
	}
	part, err := g.enter(r.Permit)
	if err != nil {
		return nil, nil, err
	}
	sub, err = g.source.Subscribe(ctx, r.Stream)
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
	return sub, func() { stop(); sub.Close(); part(); strike(nil) }, nil
}

// enter counts a viewer, and once more under its credential if that may watch only
// in so many places.
func (g *Gate) enter(permit *access.Permit) (part func(), err error) {
	if g.inside.Add(1) > int64(g.cfg.MaxViewers) {
		g.inside.Add(-1)
		return nil, fmt.Errorf("playout: %w: %d are watching", ErrTooManyViewers, g.cfg.MaxViewers)
	}
	if permit.Viewers == 0 {
		return func() { g.inside.Add(-1) }, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.holders[permit.Holder] >= permit.Viewers {
		g.inside.Add(-1)
		return nil, fmt.Errorf("playout: %w: %w", ErrDenied, &access.Refusal{
			Kind:  access.ErrForbidden,
			Words: fmt.Sprintf("as many watch with this credential as it allows, which is %d", permit.Viewers),
		})
	}
	g.holders[permit.Holder]++
	return func() {
		g.inside.Add(-1)
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.holders[permit.Holder]--; g.holders[permit.Holder] <= 0 {
			delete(g.holders, permit.Holder)
		}
	}, nil
}
