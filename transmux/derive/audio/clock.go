package audio

import "time"

const (
	// The samples count time; timestamps only correct them. A timestamp that
	// differs by more than the tolerance is believed at once. The tolerance is
	// eight times the jitter the source has shown, but never so small that
	// rounding to milliseconds or a sloppy clock would cut into the sound, and
	// never so large that lips and voice part visibly (40 ms).
	minTolerance = 12 * time.Millisecond
	maxTolerance = 40 * time.Millisecond
	jitterFactor = 8
	// firstJitter is believed of a source nothing is known of yet: it starts
	// with the largest tolerance.
	firstJitter = maxTolerance / jitterFactor
	// jitterWeight and offsetWeight smooth over about 16 and 32 units (0.3 s, 0.7 s).
	jitterWeight = 16
	offsetWeight = 32
	// A difference that lasts is slewed away, unheard, from slewFrom until
	// slewTo: sound cards and encoders do not share a crystal.
	slewFrom = 5 * time.Millisecond
	slewTo   = 1 * time.Millisecond
)

// clock watches how the source's timestamps lie to the count of its samples.
type clock struct {
	last   time.Duration // the previous unit's difference
	offset time.Duration // smoothed difference
	jitter time.Duration // smoothed change from unit to unit
	slew   int
}

func newClock() clock { return clock{jitter: firstJitter} }

// observe takes a unit's timestamp minus the time its samples would be played at,
// and says whether the samples must be moved there at once.
func (c *clock) observe(diff time.Duration) (jump bool) {
	if diff.Abs() > min(max(jitterFactor*c.jitter, minTolerance), maxTolerance) {
		c.settle()
		return true
	}
	c.jitter += ((diff - c.last).Abs() - c.jitter) / jitterWeight
	c.offset += (diff - c.offset) / offsetWeight
	c.last = diff
	switch {
	case c.offset > slewFrom:
		c.slew = 1
	case c.offset < -slewFrom:
		c.slew = -1
	case c.offset.Abs() < slewTo:
		c.slew = 0
	}
	return false
}

// settle starts the averages again after the samples were moved.
func (c *clock) settle() {
	c.last, c.offset, c.slew = 0, 0, 0
}
