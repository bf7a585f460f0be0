package pull

import (
	"math/rand/v2"
	"time"
)

const (
	// firstPause and lastPause bound the time between two attempts: a camera that
	// starts takes some seconds, one that is gone is asked twice a minute.
	firstPause = time.Second
	lastPause  = 30 * time.Second
	// steady is how long a source must have been live for its trouble to be
	// forgotten: one that breaks off again and again is asked less and less.
	steady = 30 * time.Second
	// jitter is by how much of itself a pause is longer or shorter, so that the
	// cameras of one switch do not come back in step.
	jitter = 0.25
)

// backoff is how long to wait before the next attempt.
type backoff struct{ pause time.Duration }

// next is the pause after an attempt that was live for so long.
func (b *backoff) next(lived time.Duration) time.Duration {
	if b.pause == 0 || lived >= steady {
		b.pause = firstPause
	} else {
		b.pause = min(2*b.pause, lastPause)
	}
	return time.Duration(float64(b.pause) * (1 - jitter + 2*jitter*rand.Float64()))
}
