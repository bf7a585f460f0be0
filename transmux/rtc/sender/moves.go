package sender

import (
	"time"

	"millrace/transmux/rtc/port"
)

const (
	// pathPatience is how long the path that media takes has to answer, once the
	// peer is heard to check another one. It is short, because a picture stands
	// still meanwhile, and a path that was proved is no worse to be on.
	pathPatience = time.Second
	// probeInterval is how often it is asked meanwhile: at most every tick.
	probeInterval = tick
)

// rival is a path that the peer checks while media takes another one.
//
// If the peer nominates it, media moves there, but only once our own check was
// answered over it: a recorded check, sent again from somebody else's address,
// must not turn a stream on him.
//
// If the peer does not, it may be a spare of the peer's, to be left alone. Or it
// is the path in use, but a NAT on the way has given the peer a new address, of
// which the peer knows nothing: for it the pair is what it nominated long ago, and
// nothing but its consent checks shows that it moved (RFC 8445 would have it
// restart). What tells the two apart is whether the path in use still answers.
type rival struct {
	generation *generation
	path       port.Path
	nominated  bool
	proved     bool      // our check was answered over it
	since      time.Time // zero: there is none
	probed     time.Time // when the path in use was last asked
}

// contest takes note of a check over a path that may not be the one in use.
func (e *Endpoint) contest(g *generation, from port.Path, nominated bool, now time.Time) {
	used := e.path.Load()
	if used == nil || *used == from {
		return
	}
	e.mu.Lock()
	r := &e.checks.rival
	switch {
	case r.path == from && r.generation == g:
		r.nominated = r.nominated || nominated
	case nominated, r.since.IsZero() && g == e.ice && !e.checks.controlling:
		*r = rival{generation: g, path: from, nominated: nominated, since: now, probed: now}
	default:
		e.mu.Unlock()
		return
	}
	asks := r.probed.Equal(now) && !nominated
	moves := r.proved && r.nominated
	e.mu.Unlock()
	switch {
	case moves:
		e.move(from)
	case asks:
		e.check(g, *used, now, false)
	}
}

// weigh takes what the answer to a check says about a rival.
func (e *Endpoint) weigh(c pendingCheck) {
	used := e.path.Load()
	if used == nil {
		return
	}
	e.mu.Lock()
	r := &e.checks.rival
	moves := false
	switch {
	case r.since.IsZero():
	case c.path == r.path:
		r.proved = true
		moves = r.nominated || used.Gone()
	case c.path == *used && !r.nominated && !c.sent.Before(r.since):
		*r = rival{}
	}
	e.mu.Unlock()
	if moves {
		e.move(c.path)
	}
}

// decide moves on from a path that does not answer any more, or asks it again.
func (e *Endpoint) decide(now time.Time) {
	used := e.path.Load()
	e.mu.Lock()
	r := &e.checks.rival
	over := used != nil && (used.Gone() || now.Sub(r.since) > pathPatience)
	moves := over && r.proved && !r.since.IsZero()
	asks := !over && !r.since.IsZero() && !r.nominated && now.Sub(r.probed) >= probeInterval
	path, g := r.path, r.generation
	switch {
	case asks:
		r.probed = now
	case over && !moves && now.Sub(r.since) > pathPatience:
		*r = rival{} // it does not work both ways
	}
	e.mu.Unlock()
	switch {
	case moves:
		e.move(path)
	case asks:
		e.check(g, *used, now, false)
	}
}

// move goes over to the rival, if it is that one still.
func (e *Endpoint) move(to port.Path) {
	e.mu.Lock()
	r := e.checks.rival
	if r.since.IsZero() || r.path != to {
		e.mu.Unlock()
		return
	}
	e.checks.rival = rival{}
	e.mu.Unlock()
	e.settle(r.generation, to)
}
