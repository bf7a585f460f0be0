package hooks

import (
	"errors"
	"math/rand/v2"
	"time"
)

const (
	// firstPause and lastPause bound the time between two attempts: most trouble is
	// over in a moment, and a receiver that is started anew is found within half a
	// minute.
	firstPause = time.Second
	lastPause  = 30 * time.Second
	// jitter is by how much of itself a pause is longer or shorter, so that the hooks
	// of many nodes do not come back in step.
	jitter = 0.25
	// maxRetryAfter is for how long a receiver may ask not to be called.
	maxRetryAfter = 10 * time.Minute
)

// pauses are those between attempts, each twice as long as the one before.
type pauses struct{ last time.Duration }

func (p *pauses) next() time.Duration {
	p.last = min(max(2*p.last, firstPause), lastPause)
	return time.Duration(float64(p.last) * (1 - jitter + 2*jitter*rand.Float64()))
}

// final is why an event will never be taken: it is not tried again.
type final struct{ error }

// later is an error of a receiver that says when it wants to be tried again.
type later struct {
	error
	after time.Duration
}

// isFinal says whether another attempt would come to the same.
func isFinal(err error) bool {
	var f final
	return errors.As(err, &f)
}

// wished is for how long the receiver wants not to be called.
func wished(err error) time.Duration {
	var l later
	if !errors.As(err, &l) {
		return 0
	}
	return min(max(l.after, 0), maxRetryAfter)
}
