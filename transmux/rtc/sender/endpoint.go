package sender

import (
	"crypto/tls"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"millrace/transmux/rtc/port"
)

// Endpoint is one peer's end of a WebRTC transport.
type Endpoint struct {
	room        *Room
	events      Events
	certificate tls.Certificate
	fingerprint string

	keys   atomic.Pointer[keys]
	path   atomic.Pointer[port.Path] // where media goes
	closed atomic.Bool

	// Written by the goroutine that sends through a Burst.
	sentPackets, sentBytes uint64

	receiving sync.Mutex // held for one packet

	mu        sync.Mutex
	opened    time.Time   // or answered, where the offer was ours
	announced string      // the fingerprint of the peer's certificate
	ice       *generation // in force
	next      *generation // of a restart, until it has a path
	checks    checks
	client    bool   // of the DTLS handshake; see Seek
	greeted   bool   // the handshake was begun by us
	shaking   *pipe  // while there is a DTLS connection
	farewell  []byte // a sealed close_notify, once there is none
	resume    []byte // the DTLS state, to open the viewer's close_notify with
	verifying bool   // an alert is being opened
	keyed     time.Time
}

// Local is what an answer says of our side.
type Local struct{ Ufrag, Pwd, Fingerprint string }

// Local returns the endpoint's credentials for the answer, or the offer.
func (e *Endpoint) Local() Local {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Local{Ufrag: e.ice.ufrag, Pwd: e.ice.pwd, Fingerprint: e.fingerprint}
}

// Remote is the viewer's address once known.
func (e *Endpoint) Remote() netip.AddrPort {
	if path := e.path.Load(); path != nil {
		return path.Remote
	}
	return netip.AddrPort{}
}

// Sent counts the packets and bytes sent. It is for the goroutine that sends.
func (e *Endpoint) Sent() (packets, bytes uint64) { return e.sentPackets, e.sentBytes }

// Receive sorts what came for the endpoint, RFC 7983 section 7. A peer may send
// over UDP and over connections at once, which different goroutines read.
func (e *Endpoint) Receive(packet []byte, from port.Path) {
	e.receiving.Lock()
	defer e.receiving.Unlock()
	if e.closed.Load() || len(packet) == 0 {
		return
	}
	switch first := packet[0]; {
	case port.IsSTUN(packet):
		e.receiveSTUN(packet, from)
	case first >= 20 && first <= 63:
		e.receiveDTLS(packet, from)
	case first >= 128 && first <= 191 && len(packet) > 1:
		if kind := packet[1]; kind >= 192 && kind <= 223 { // RFC 5761 section 4
			e.receiveRTCP(packet)
		} else {
			e.events.Media(packet, time.Now())
		}
	}
}

func (e *Endpoint) receiveRTCP(packet []byte) {
	k := e.keys.Load()
	if k == nil {
		return
	}
	// One that does not open was sent by somebody else, or twice: there is
	// nobody to tell.
	if plain, err := k.remote.DecryptRTCP(nil, packet, nil); err == nil {
		e.events.Feedback(plain)
	}
}

// Close ends the endpoint and tells the viewer by DTLS close_notify.
func (e *Endpoint) Close(cause error) { e.end(cause, true) }

// end closes once; it must not be called with e.mu held.
func (e *Endpoint) end(cause error, tell bool) {
	if !e.closed.CompareAndSwap(false, true) {
		return
	}
	e.mu.Lock()
	generations := []*generation{e.ice, e.next}
	shaking, farewell := e.shaking, e.farewell
	e.mu.Unlock()
	if path := e.path.Load(); tell && path != nil && farewell != nil {
		_ = e.room.send(path, farewell) // the peer finds out by its own time-out else
	}
	if shaking != nil {
		shaking.interrupt() // its goroutine says goodbye
	}
	e.room.forget(e, generations)
	e.events.Closed(cause)
}
