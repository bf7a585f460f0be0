package derive

import (
	"context"
	"errors"
	"time"

	"millrace/transmux/derive/ffmpeg"
)

const (
	// A maker that fails is replaced after firstBackoff, then after twice as
	// long each time up to maxBackoff; one that worked for steady starts over.
	firstBackoff = 100 * time.Millisecond
	maxBackoff   = 5 * time.Second
	steady       = 10 * time.Second
	// hopeful is how many times in a row a maker may fail before the API is told.
	hopeful = 3
	// retryLimit is how long to wait at most for a process that may run: one that
	// ended might have been taken by another job.
	retryLimit = 5 * time.Second
	// headStart is what a viewer who can see something already has for joining: an
	// encoder that starts, and decodes a GOP to catch up, takes all that a small
	// machine has.
	headStart = 400 * time.Millisecond
)

// supervise replaces what fails, with growing pauses, until there is a cause to end.
func (j *job) supervise(ctx context.Context) (cause error) {
	backoff, failures := firstBackoff, 0
	for {
		begun := time.Now()
		err := j.follow(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case j.stream.Err() != nil:
			return j.stream.Err()
		case errors.Is(err, ffmpeg.ErrLimit):
			j.condemn(j.source, "as many ffmpeg processes run on the gateway as may (derive.max_processes)")
			j.warn("derivation waits for another to end", "why", err)
			j.await(ctx, j.room.program.Freed(), retryLimit)
			continue
		}
		j.room.counters.restarts.Add(1)
		if failures++; time.Since(begun) >= steady {
			backoff, failures = firstBackoff, 1
		}
		j.warn("derivation failed and starts anew", "cause", err, "pause", backoff)
		j.tell(Failed, err.Error())
		if failures >= hopeful {
			j.condemn(j.source, "deriving fails on the gateway; its log says why")
		}
		j.await(ctx, nil, backoff)
		backoff = min(2*backoff, maxBackoff)
	}
}

// await waits for an event, at most so long.
func (j *job) await(ctx context.Context, event <-chan struct{}, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-event:
	case <-timer.C:
	case <-ctx.Done():
	}
}
