package whep

import (
	"time"

	"millrace/transmux/rtpio"
)

// extensionPlayoutDelay is what browsers offer, and obey.
const extensionPlayoutDelay = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

const (
	// calmAfter is how long a bad line must have missed nothing to be a good one. A
	// browser gives back a tenth of a second of delay in one second; both together
	// stay below two.
	calmAfter = 800 * time.Millisecond
	// patienceMargin is beyond the round trip: a loss shows when the next packet
	// comes, which at worst is the next picture's, and browsers ask only every 20 ms.
	// Where the next picture is a keyframe there is no second chance: a browser goes
	// on with it when it is due, without the pictures before it that came too late.
	patienceMargin = 80 * time.Millisecond
	// maxPatience bounds what a round trip may make of it.
	maxPatience = 500 * time.Millisecond
	// unlimited is the most that a picture may be held back: libwebrtc's default.
	unlimited = 10 * time.Second
	// reassured is how many pictures say that the line is good again; the first
	// that arrives does it.
	reassured = 10
)

// patience is for how long a viewer is told to hold its pictures back. A browser
// knows nothing of the round trip where it only receives, and shows a picture that
// came again late and the next ones in a heap. One that holds them for as long as
// it takes to get a packet again shows them as if nothing had been lost; so it is
// told to while its line is bad, and no longer.
type patience struct {
	rtpio.Weather
	id    uint8 // of the header extension, 0 where the viewer takes none
	least time.Duration
	need  time.Duration
	tell  int // pictures that are still to say that the line is good
}

// miss counts, with the round trip at the time.
func (p *patience) miss(n int, now time.Time, roundTrip time.Duration) {
	p.Miss(n, now)
	p.need = min(roundTrip+patienceMargin, maxPatience)
}

// extension is what the next picture is to carry.
func (p *patience) extension(now time.Time) rtpio.Extension {
	if p.id == 0 {
		return 0
	}
	least := time.Duration(0)
	if p.Calm(now) < calmAfter && (p.least > 0 || p.Level(now) >= rtpio.BadWeather) {
		least = p.need
	}
	if least == 0 && p.least > 0 {
		p.tell = reassured
	}
	if p.least = least; least == 0 {
		if p.tell == 0 {
			return 0
		}
		p.tell--
	}
	return rtpio.PlayoutDelay(p.id, least, unlimited)
}
