package sender

import "time"

// Milestones are when an endpoint came how far on its way to the peer. The zero
// time is of what has not come.
type Milestones struct {
	Opened  time.Time // the room made it
	Reached time.Time // the peer's first valid connectivity check came
	Keyed   time.Time // the DTLS handshake was done
}

// Milestones says how far the endpoint has come.
func (e *Endpoint) Milestones() Milestones {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Milestones{Opened: e.opened, Reached: e.checks.reached, Keyed: e.keyed}
}
