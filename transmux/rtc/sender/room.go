// Package sender is the endpoint that every viewer is: an ICE agent that answers
// and sends checks, a DTLS server for the length of a handshake, and SRTP keys.
// After the handshake an endpoint is data: no goroutine, no timer of its own.
//
// playout/whep opens endpoints and sends through a Burst. This room must not know
// what a stream or a frame is, nor HTTP.
package sender

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"millrace/transmux/rtc/port"
)

// The causes of an endpoint's end.
var (
	ErrUnreachable = errors.New("no connectivity check came from the peer: is the WebRTC port open, for UDP or TCP?")
	ErrHandshake   = errors.New("DTLS handshake failed")
	ErrConsent     = errors.New("the peer vanished: consent to send expired")
	ErrLeft        = errors.New("the peer left")
	ErrClosed      = errors.New("closed")
	ErrUnanswered  = errors.New("no answer came to our offer")
)

const (
	// tick is how often the shared clock looks at the endpoints' due times.
	tick = 250 * time.Millisecond
	// connectTimeout is how long a viewer may take from the offer to the keys: a
	// browser gives up its checks after 15 to 30 s.
	connectTimeout = 20 * time.Second
)

// Room holds all endpoints of a port.
type Room struct {
	port     *port.Port
	log      *slog.Logger
	identity identity

	mu        sync.Mutex
	endpoints map[*Endpoint]struct{}
	closed    bool
	control   *port.Writer   // for everything but media; guarded by sending
	sending   sync.Mutex     // held for one system call
	work      sync.WaitGroup // handshakes and farewells
	ctx       context.Context
	cancel    context.CancelFunc
}

// New makes a room on the port. Serve must run for endpoints to live.
func New(p *port.Port, log *slog.Logger) *Room {
	r := &Room{port: p, log: log, endpoints: make(map[*Endpoint]struct{}), control: p.Writer()}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// Serve drives the endpoints' checks until the context ends, then closes all of
// them and waits for what they started.
func (r *Room) Serve(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			for _, e := range r.list() {
				e.tick(now)
			}
		case <-ctx.Done():
			r.mu.Lock()
			r.closed = true
			r.mu.Unlock()
			for _, e := range r.list() {
				e.Close(ErrClosed)
			}
			r.cancel()
			r.work.Wait()
			return nil
		}
	}
}

func (r *Room) list() []*Endpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*Endpoint, 0, len(r.endpoints))
	for e := range r.endpoints {
		list = append(list, e)
	}
	return list
}

// Len is the number of endpoints.
func (r *Room) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.endpoints)
}

// Remote is what a viewer's offer says of its side.
type Remote struct {
	Ufrag, Pwd string
	// Fingerprint is "sha-256 AB:CD:…" (RFC 8122), the only hash that WebRTC uses.
	// It outlives ICE restarts.
	Fingerprint string
}

// Events tells an endpoint's owner what happens to it. The calls come from the
// room's goroutines and must not block.
type Events interface {
	// Connected says that media can be sent.
	Connected()
	// Feedback hands over a decrypted RTCP packet (RFC 3550 section 6.1),
	// valid during the call.
	Feedback(rtcp []byte)
	// Media hands over an RTP packet as it came, for Endpoint.OpenRTP; valid
	// during the call.
	Media(sealed []byte, arrived time.Time)
	// Closed says that the endpoint is over, once, and why.
	Closed(cause error)
}

// Open makes an endpoint that waits for the viewer's checks. owner is called with
// it before anything can happen to it, and says who hears of that.
func (r *Room) Open(remote Remote, owner func(*Endpoint) Events) (*Endpoint, error) {
	return r.open(remote, owner)
}

func (r *Room) open(remote Remote, owner func(*Endpoint) Events) (*Endpoint, error) {
	now := time.Now()
	certificate, fingerprint, err := r.identity.current(now)
	if err != nil {
		return nil, err
	}
	e := &Endpoint{
		room: r, certificate: certificate, fingerprint: fingerprint,
		opened: now, ice: newGeneration(remote), announced: remote.Fingerprint,
	}
	e.checks.controlling = remote.Ufrag == ""
	e.events = owner(e)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	if err := r.port.Claim(e.ice.ufrag, e); err != nil {
		return nil, err
	}
	r.endpoints[e] = struct{}{}
	return e, nil
}

// Candidates are the candidate attributes to name to a peer that came from that
// address, best first.
func (r *Room) Candidates(peer netip.Addr) []string {
	candidates := r.port.Candidates(peer)
	lines := make([]string, len(candidates))
	for i, c := range candidates {
		lines[i] = c.String()
	}
	return lines
}

// start runs work that Serve waits for; false if the room is closing.
func (r *Room) start(work func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.work.Go(work)
	return true
}

// send sends one packet that is not media.
func (r *Room) send(to *port.Path, packet []byte) error {
	r.sending.Lock()
	defer r.sending.Unlock()
	return r.control.Send(to, packet)
}

func (r *Room) forget(e *Endpoint, generations []*generation) {
	for _, g := range generations {
		if g != nil {
			e.mu.Lock()
			remotes := g.remotes
			e.mu.Unlock()
			r.port.Release(g.ufrag, remotes, e)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.endpoints, e)
}

// token is of n random bytes in characters that ICE allows (RFC 8445 section
// 5.3 wants 24 and 128 bits).
func token(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawStdEncoding.EncodeToString(b)
}
