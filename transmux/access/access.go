// Package access says who may do what: publish, play, read the API, administer.
//
// The gates of ingest and playout and the API's guard ask it, through functions
// that cmd/millrace wires. It knows credentials and names of streams; it must not
// know a protocol, a connection or the bus.
//
// # How it decides
//
// An action that is open needs nothing. Otherwise a credential is looked for, from
// the cheapest way to the dearest: tickets of this process, signed tokens, keys and
// passwords that were right a moment ago, plain and fast secrets, slow hashes (a
// few at a time). What none of them decides is asked of the callback, if there is
// one. Wrong credentials slow down their address (see brake); those who were right
// before, and signed tokens, are not held up by that. Whatever cannot be decided is
// refused.
package access

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"

	"millrace/transmux/household"
)

// maxCredential bounds what is looked at, in bytes: the largest signed tokens, with
// certificates in them, have some 4 KiB.
const maxCredential = 8 << 10

// Request is somebody who wants something.
type Request struct {
	Action     Action
	Stream     string // of Publish and Play
	Protocol   string // for the callback
	Remote     string // address, with or without port
	User       string // of the credential, if it has one
	Credential string // a token, key or password; "" for none; "user:password" where User is empty
	// Proves says whether the peer knows that password, where it proved it without
	// telling it. Credential is not looked at then.
	Proves func(password string) bool
}

// Presents says whether there is a credential at all.
func (q *Request) Presents() bool { return q.Credential != "" || q.Proves != nil }

// address is the peer's without its port; the zero Addr if it is unknown.
func (q *Request) address() netip.Addr { return household.Parse(q.Remote) }

// Permit is what comes with a yes. The zero value is a yes without conditions.
type Permit struct {
	Until   time.Time // when it ends; zero for never
	Bitrate int       // bits a second that may be published; 0 for any
	Viewers int       // that may watch with this credential at the same time; 0 for any
	Holder  string    // names the credential without telling it
}

// Room decides. Its methods are safe for concurrent use.
type Room struct {
	log     *slog.Logger
	rules   atomic.Pointer[rules]
	tickets tickets
	brake   *brake
	mill    mill
	digests digester
	stats   counters
	warned  atomic.Int64 // when the last warning was logged, Unix nanoseconds
}

// New makes a room with these rules.
func New(cfg Config, log *slog.Logger) *Room {
	r := &Room{log: log, brake: newBrake(), mill: newMill(), digests: newDigester()}
	r.rules.Store(newRules(cfg, r))
	return r
}

// Configure replaces the rules; who is in stays in.
func (r *Room) Configure(cfg Config) {
	r.rules.Swap(newRules(cfg, r)).close()
	r.brake.forget()
}

// Close lets go of idle connections.
func (r *Room) Close() { r.rules.Load().close() }

// Open says whether the action needs no credential.
func (r *Room) Open(a Action) bool { return r.rules.Load().open[a] }

// Ask says whether that may be: a permit, or a *Refusal.
func (r *Room) Ask(ctx context.Context, q Request) (Permit, error) {
	permit, err := r.ask(ctx, &q)
	r.stats.count(err)
	return permit, err
}

func (r *Room) ask(ctx context.Context, q *Request) (Permit, error) {
	rules := r.rules.Load()
	switch {
	case rules.open[q.Action]:
		return Permit{}, nil
	case !q.Presents() && rules.callback == nil:
		return Permit{}, missing(q)
	case !q.Presents():
		return rules.callback.ask(ctx, q)
	case len(q.Credential) > maxCredential:
		return Permit{}, refuse(ErrWrong, "the credential is too long")
	}
	if rules.callback != nil {
		// Whom the application knows is not held up by others of the same address.
		if permit, ok := rules.callback.recall(q); ok {
			return permit, nil
		}
	}
	who, err := r.identify(ctx, rules, q)
	if err == nil {
		if err = who.check(q); err == nil {
			return who.permit, nil
		}
	}
	if rules.callback == nil || q.Proves != nil || !undecided(err) {
		return Permit{}, err
	}
	return r.askCallback(ctx, rules, q)
}

// askCallback asks for somebody whose credential says nothing to us.
func (r *Room) askCallback(ctx context.Context, rules *rules, q *Request) (Permit, error) {
	sum := r.digests.of(q.User, q.Credential)
	try := r.brake.begin(q.address(), sum, time.Now())
	if try.wait > 0 {
		return Permit{}, slowed(try.wait)
	}
	permit, err := rules.callback.ask(ctx, q)
	if errors.Is(err, ErrWrong) {
		try.wrong(sum)
	} else {
		try.forgive()
	}
	return permit, err
}

// warn logs at most once in a while: whoever is refused comes again at once.
func (r *Room) warn(msg string, args ...any) {
	const pause = 10 * time.Second
	now := time.Now().UnixNano()
	if last := r.warned.Load(); now-last > int64(pause) && r.warned.CompareAndSwap(last, now) {
		r.log.Warn(msg, args...)
	}
}
