package sender

import (
	"crypto/rand"
	"net/netip"
	"time"

	"millrace/transmux/rtc/port"
)

// maxSought bounds the addresses of one answer that are tried: a server has one
// or two, with IPv4 and IPv6.
const maxSought = 16

// Seek tells an endpoint that was made by Offer what the peer's answer says of its
// side, as Answer does, for a peer that is a server: it may be waiting to be found,
// so that we check each of the addresses that the answer names; and where it is the
// DTLS server, we are the client.
//
// Whatever comes from these addresses is the endpoint's from here on, proved or
// not, so the room's port must be for such endpoints alone.
func (e *Endpoint) Seek(remote Remote, addresses []netip.AddrPort, client bool) error {
	if err := e.Answer(remote); err != nil {
		return err
	}
	now := time.Now()
	e.mu.Lock()
	e.client = client
	for _, at := range addresses[:min(len(addresses), maxSought)] {
		c := pendingCheck{sent: now, generation: e.ice, path: port.Path{Remote: at}}
		_, _ = rand.Read(c.id[:]) // never fails (crypto/rand)
		e.checks.sought = append(e.checks.sought, c)
	}
	sought := e.checks.sought
	e.mu.Unlock()
	for _, c := range sought {
		e.learn(c.generation, c.path)
	}
	e.seek()
	return nil
}

// seek asks at all addresses that we know of, as long as none has answered. Asking
// again is the same check once more (RFC 8489 section 6.2.1), so that the answer to
// any of them will do.
func (e *Endpoint) seek() {
	if e.path.Load() != nil {
		return
	}
	e.mu.Lock()
	sought := make([]pendingCheck, 0, len(e.checks.sought))
	for i := range e.checks.sought {
		c := &e.checks.sought[i]
		if !c.sent.IsZero() {
			c.controlling = e.checks.controlling
			sought = append(sought, *c)
		}
	}
	e.mu.Unlock()
	for i := range sought {
		e.ask(&sought[i])
	}
}

// greet begins the handshake where we are its client, as soon as there is a path.
func (e *Endpoint) greet() {
	path := e.path.Load()
	if path == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.client || e.greeted {
		return
	}
	p := newPipe(e, *path)
	if e.greeted = e.room.start(func() { e.shake(p) }); e.greeted {
		e.shaking = p
	}
}
