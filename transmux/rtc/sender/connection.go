package sender

import (
	"time"

	"millrace/transmux/rtc/port"
)

// lostGrace is what a peer whose connection broke has for another one: Chromium
// tries again for 5 s, and an ICE restart takes as long to be thought of. A peer
// that just left is found out so in a third of the time that consent would take.
const lostGrace = 10 * time.Second

// Transport says how the peer is reached, for people: "udp" or "tcp", or nothing
// before it is.
func (e *Endpoint) Transport() string {
	switch path := e.path.Load(); {
	case path == nil:
		return ""
	case path.TCP():
		return "tcp"
	default:
		return "udp"
	}
}

// Drainer is for an owner of an endpoint that sends media: Events that are one
// hear when a Burst may go on that was told to wait. The call must not block.
type Drainer interface{ Drained() }

// Drained tells the owner that there is room in the connection again.
func (e *Endpoint) Drained() {
	if d, ok := e.events.(Drainer); ok {
		d.Drained()
	}
}

// Lost takes note that a connection is gone. Where media went over it, the peer
// has lostGrace to come over another path.
func (e *Endpoint) Lost(path port.Path) {
	if used := e.path.Load(); used == nil || *used != path {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if least := time.Now().Add(lostGrace - consentExpiry); e.checks.heard.After(least) {
		e.checks.heard = least
	}
}
