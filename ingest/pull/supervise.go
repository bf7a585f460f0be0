package pull

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"millrace/ingest"
)

// supervise calls the puller again and again until ctx ends. While it does, the
// stream's viewers are kept.
func (f *feed) supervise(ctx context.Context, pullers map[string]Puller) {
	defer f.room.hub.Keep(f.name)()
	source, redact := f.now()
	puller := pullers[source.URL.Scheme]
	if puller == nil {
		puller = unknown{}
	}
	log := f.room.log.With("source", source.Source)
	var pauses backoff
	said := ""
	for {
		lived, err := f.pull(ctx, puller, source.Source)
		if ctx.Err() != nil {
			log.Debug("pull: stopped", "cause", context.Cause(ctx))
			return
		}
		pause := max(pauses.next(lived), wished(err))
		err = redact.wrap(err)
		level := slog.LevelWarn
		if err.Error() == said && lived == 0 {
			level = slog.LevelDebug // once is enough for a source that is off all night
		}
		said = err.Error()
		f.failed(err, pause)
		log.Log(ctx, level, "pull: source failed", "cause", err, "again_in", pause.Round(time.Millisecond))
		if !f.rest(ctx, pause) {
			return
		}
	}
}

// pull is one attempt; lived is how long it was live. The error may hold secrets.
func (f *feed) pull(ctx context.Context, puller Puller, s ingest.Source) (lived time.Duration, err error) {
	f.set(Connecting)
	// A context of its own, so that whatever a puller hangs on it ends with it.
	ctx, cancel := context.WithCancel(ctx)
	err = puller.Pull(ctx, s)
	cancel()
	if err == nil {
		err = errEnded
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state == Live {
		lived = time.Since(f.since)
	}
	if lived >= steady {
		f.retries = 0
	}
	return lived, err
}

// wished is when the server itself wants to be asked again, within reason.
func wished(err error) time.Duration {
	var says interface{ RetryAfter() time.Duration }
	if !errors.As(err, &says) {
		return 0
	}
	return min(says.RetryAfter(), lastPause)
}

// failed notes an attempt that is over, and when the next one is.
func (f *feed) failed(err error, pause time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures++
	f.retries++
	f.lastError, f.next = err.Error(), time.Now().Add(pause)
	f.setLocked(Waiting)
	f.tellLocked(toldDown, f.lastError)
}

// rest waits for the next attempt; false once ctx ends.
func (f *feed) rest(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
