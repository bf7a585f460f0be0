package bench

import (
	"context"
	"fmt"
	"time"

	"millrace/ingest/rtmp"
)

// publisher plays the clip to the server until it is stopped.
type publisher struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // once done is closed
}

// publish begins to play after a while. Each so-manieth picture gets the time at
// which it is handed to the connection.
func publish(ctx context.Context, url string, c *clip, every int, after time.Duration) *publisher {
	ctx, cancel := context.WithCancel(ctx)
	p := &publisher{cancel: cancel, done: make(chan struct{})}
	pictures := 0
	alter := func(video bool, _ time.Duration, body []byte) []byte {
		if !video {
			return body
		}
		pictures++
		if pictures%every != 0 {
			return body
		}
		return marked(body, c.lengthSize, time.Now())
	}
	go func() {
		defer close(p.done)
		if pass(ctx, after) != nil {
			return
		}
		if err := rtmp.Publish(ctx, url, c.raw, rtmp.PublishOptions{Alter: alter}); err != nil {
			p.err = fmt.Errorf("publisher: %w", err)
		}
	}()
	return p
}

// failed is the error of a publisher that has ended by itself.
func (p *publisher) failed() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// stop ends it and waits.
func (p *publisher) stop() error {
	p.cancel()
	<-p.done
	return p.err
}
