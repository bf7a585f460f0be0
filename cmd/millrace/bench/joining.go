package bench

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"millrace/transmux/rtc/receiver"
)

const (
	// patience is how long a join may take, from its first POST to its keyframe: an
	// encoder's default is a keyframe every 8 s, and peers make viewers wait for it.
	patience = 20 * time.Second
	// maxJoining bounds the joins under way in one process.
	maxJoining = 64
	// again is how long to wait before asking anew for a stream that is not there yet.
	again = 100 * time.Millisecond
)

var (
	errNoConnection = errors.New("no connection in time")
	errNoKeyframe   = errors.New("no whole keyframe in time")
)

// join brings viewers in, at the rate or one after the other.
func (p *party) join(ctx context.Context, o *order) tally {
	var (
		t     tally
		mu    sync.Mutex // guards t
		work  sync.WaitGroup
		doors = make(chan struct{}, maxJoining)
		begun = time.Now()
	)
	one := func() {
		timing, err := p.joinOne(ctx, o.Do == doJoin)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			t.Failed = mergeCounts(t.Failed, map[string]int{err.Error(): 1})
			return
		}
		t.Connected = append(t.Connected, timing.Connected.Seconds()*1000)
		t.Keyframe = append(t.Keyframe, timing.Keyframe.Seconds()*1000)
	}
	for i := range o.Count {
		if o.Rate <= 0 {
			one()
			continue
		}
		due := begun.Add(seconds(float64(i) / o.Rate))
		if pass(ctx, time.Until(due)) != nil {
			break
		}
		doors <- struct{}{}
		work.Go(func() {
			defer func() { <-doors }()
			one()
		})
	}
	work.Wait()
	return t
}

// joinOne brings one viewer in and waits for its first whole keyframe.
func (p *party) joinOne(ctx context.Context, stay bool) (receiver.Timing, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v, err := p.watch(ctx)
	if err != nil {
		return receiver.Timing{}, err
	}
	for _, step := range []struct {
		done <-chan struct{}
		late error
	}{{v.Connected(), errNoConnection}, {v.Keyframe(), errNoKeyframe}} {
		select {
		case <-step.done:
		case <-v.Done():
			err = v.Err()
		case <-ctx.Done():
			err = step.late
		}
		if err != nil {
			_ = v.Close(context.WithoutCancel(ctx)) // what went wrong has been said
			return receiver.Timing{}, err
		}
	}
	timing := v.Timing()
	if !stay {
		return timing, v.Close(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.viewers = append(p.viewers, v)
	return timing, nil
}

// watch asks until the stream is there.
func (p *party) watch(ctx context.Context) (*receiver.Viewer, error) {
	address := nth(p.whep, int(p.asked.Add(1)-1)%p.streams)
	for {
		v, err := p.room.Watch(ctx, address)
		var refused *receiver.StatusError
		if !errors.As(err, &refused) || !notYet(refused.Status) || pass(ctx, again) != nil {
			return v, err
		}
	}
}

// notYet tells what servers answer for a stream that may still come.
func notYet(status int) bool {
	return status == http.StatusConflict || status == http.StatusNotFound ||
		status == http.StatusTooEarly || status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}
