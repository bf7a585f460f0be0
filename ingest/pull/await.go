package pull

import (
	"context"
	"errors"
	"fmt"
	"time"

	"millrace/transmux/bus"
)

// patience is how long a viewer waits for a source: a camera's handshake is a
// second or two, and the player gives a request up after ten.
const patience = 8 * time.Second

var errPatience = errors.New("out of patience")

// look is what a waiting viewer sees.
type look struct {
	state    State
	closed   bool
	gone     bool
	failures int
	next     time.Time
	changed  <-chan struct{}
}

func (f *feed) look() look {
	f.mu.Lock()
	defer f.mu.Unlock()
	return look{f.state, f.closed, f.gone, f.failures, f.next, f.changed}
}

// await subscribes to the stream as soon as it has a track. It gives up after the
// first attempt that fails, of those beyond before, or when the next one is further away than its
// patience: a player asks again, and its user should know why.
func (f *feed) await(ctx context.Context, before int) (*bus.Subscriber, error) {
	waiting, cancel := context.WithTimeoutCause(ctx, patience, errPatience)
	defer cancel()
	for {
		seen := f.look()
		switch {
		case seen.gone:
			return nil, bus.ErrNotLive
		case seen.closed:
			return nil, bus.ErrShutdown
		case seen.state == Live:
			sub, err := f.join(waiting, seen.changed)
			if sub != nil || err != nil && !errors.Is(err, bus.ErrNotLive) {
				return sub, err
			}
		case seen.failures > before, seen.state == Waiting && time.Until(seen.next) > patience:
			return nil, f.failure()
		}
		select {
		case <-seen.changed:
		case <-waiting.Done():
			if !errors.Is(context.Cause(waiting), errPatience) {
				return nil, ctx.Err()
			}
			return nil, f.silence()
		}
	}
}

// join subscribes in the Hub and waits for a track; neither subscriber nor error
// mean that the source changed meanwhile.
func (f *feed) join(ctx context.Context, over <-chan struct{}) (*bus.Subscriber, error) {
	sub, err := f.room.hub.Subscribe(ctx, f.name)
	if err != nil {
		return nil, err
	}
	for {
		changed := sub.Stream().Changed()
		if len(sub.Stream().Catalog().Tracks) > 0 {
			return sub, nil
		}
		select {
		case <-changed:
			if sub.Stream().Err() == nil {
				continue
			}
		case <-over:
		case <-ctx.Done():
		}
		sub.Close()
		return nil, nil
	}
}

// failure says why the last attempt failed.
func (f *feed) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	reason := fmt.Sprintf("The source of this stream cannot be fetched: %s.", f.lastError)
	if wait := time.Until(f.next); wait > 0 {
		reason += fmt.Sprintf(" The next attempt is in %s.", max(wait, time.Second).Round(time.Second))
	}
	return &bus.Unavailable{Reason: reason}
}

// silence says what has not come within a viewer's patience.
func (f *feed) silence() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	reason := fmt.Sprintf("The source of this stream has not answered within %s.", patience)
	if f.state == Live {
		reason = fmt.Sprintf("The source of this stream has brought neither picture nor sound within %s.", patience)
	}
	return &bus.Unavailable{Reason: reason}
}
