package intake

import (
	"time"

	"millrace/transmux/av"
	"millrace/transmux/rtpio"
)

const (
	// calmAfter is how long a bad line must have missed nothing to be a good one.
	calmAfter = 500 * time.Millisecond
	// paceMargin is beyond the round trip: a loss shows when the next packet comes,
	// which at worst is the next picture's, and is asked for a little later.
	paceMargin = 45 * time.Millisecond
	// maxHold bounds for how long pictures are held: as long as a hole is waited for.
	maxHold = 600 * time.Millisecond
	// maxHeld bounds the pictures of one track that are: a second of the fastest.
	maxHeld = 64
	// giveBack is by how much of the time that goes by the hold shrinks after a bad
	// line: nobody sees it, and it is over within two seconds. While the line is bad
	// what was needed once is forgotten in forgetting, but no faster than that.
	giveBack   = 0.15
	forgetting = time.Second
	// drift is by how much of the time the punctual arrival may become later: two
	// clocks, and a way that gets longer.
	drift = 0.005
)

// pace is for how long pictures are held back that came over a bad line. One that
// had to be asked for again is late, and holds up those behind it: a viewer would
// see them in a heap, and, not knowing why, keep all later ones back for a long
// while. So while packets are missed all pictures leave as late as the late ones.
type pace struct {
	rtpio.Weather
	trip time.Duration // the round trip as last measured
	need time.Duration // for packets that come when they are asked for once
	hold time.Duration
	bad  bool
	seen time.Time // when hold was last looked at
}

// miss counts packets that are asked for, with the round trip at the time.
func (p *pace) miss(n int, now time.Time, roundTrip time.Duration) {
	p.Miss(n, now)
	if roundTrip != p.trip { // one may hold the time that somebody was busy
		p.need = min(p.trip, roundTrip) + paceMargin
		if p.trip == 0 {
			p.need += roundTrip
		}
		p.trip = roundTrip
	}
}

// at is the hold for a picture that is late by so much.
func (p *pace) at(now time.Time, late time.Duration) time.Duration {
	elapsed := now.Sub(p.seen)
	p.seen = now
	p.bad = p.Calm(now) < calmAfter && (p.bad || p.Level(now) >= rtpio.BadWeather)
	if p.hold == 0 && !p.bad {
		return 0
	}
	shrink := giveBack
	if p.bad {
		shrink = min(shrink, max(0, float64(p.hold-p.need)/float64(forgetting)))
	}
	p.hold = max(0, p.hold-time.Duration(shrink*float64(elapsed)))
	if p.bad {
		// One that is asked for twice is worth waiting for; what comes even later is rare.
		p.hold = min(max(p.hold, p.need, min(late, p.need+p.trip)), maxHold)
	}
	return p.hold
}

// punctual is when the pictures of one track come that nothing held up.
type punctual struct {
	zero time.Time // when a frame of DTS 0 would have come
	seen time.Time
}

// due is when a frame that comes now would have come if nothing had held it up.
func (p *punctual) due(dts time.Duration, now time.Time) time.Time {
	zero := now.Add(-dts)
	if !p.seen.IsZero() {
		later := p.zero.Add(time.Duration(drift * float64(now.Sub(p.seen))))
		if later.Before(zero) {
			zero = later
		}
	}
	p.zero, p.seen = zero, now
	return zero.Add(dts)
}

// held is a picture that waits.
type held struct {
	frame *av.Frame
	at    time.Time
}
