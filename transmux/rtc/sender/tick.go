package sender

import "time"

// RoundTrip is how long the last answered check took; zero before the first.
func (e *Endpoint) RoundTrip() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.checks.roundTrip
}

// tick does what is due.
func (e *Endpoint) tick(now time.Time) {
	e.mu.Lock()
	heard, next, opened, g := e.checks.heard, e.checks.next, e.opened, e.ice
	waiting := g.peer.Ufrag == ""
	e.mu.Unlock()
	e.decide(now)
	e.seek()
	path := e.path.Load()
	switch {
	case waiting:
		if now.Sub(opened) > offerLife {
			e.Close(ErrUnanswered)
		}
	case e.keys.Load() == nil && now.Sub(opened) > connectTimeout:
		if heard.IsZero() {
			e.Close(ErrUnreachable)
		} else {
			e.Close(ErrHandshake)
		}
	case !heard.IsZero() && now.Sub(heard) > consentExpiry:
		e.Close(ErrConsent)
	case path != nil && now.After(next):
		e.check(g, *path, now, false)
	}
}
