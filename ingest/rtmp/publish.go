package rtmp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	rtmpmsg "github.com/yutopp/go-rtmp/message"
)

// PublishOptions are what Publish can be told. The zero value plays the clip for
// ever.
type PublishOptions struct {
	// Loops is how often the clip is played; 0 is for ever.
	Loops int
	// Published is called once the server has consented.
	Published func()
	// Alter may replace a message's body as it is sent, for instance to write
	// the time into it. It must not change body itself. video is false for
	// audio; at is the DTS that it is sent with.
	Alter func(video bool, at time.Duration, body []byte) []byte
	// TLS is for rtmps.
	TLS *tls.Config
}

// Publish plays an FLV clip over and over to rtmp://host[:port]/app/key, each
// tag at its DTS by the wall clock, as an encoder would send it. Timestamps run
// on over the loops. It returns nil when ctx ends or the loops are over; an
// error wraps ErrRefused when the server says no, and never holds the URL.
func Publish(ctx context.Context, url string, clip []byte, opts PublishOptions) error {
	if err := publish(ctx, url, clip, opts); err != nil {
		return fmt.Errorf("rtmp: publish: %w", err)
	}
	return nil
}

func publish(ctx context.Context, url string, b []byte, opts PublishOptions) error {
	clip, err := parseClip(b)
	if err != nil {
		return err
	}
	a, err := parseURL(url)
	if err != nil {
		return err
	}
	c, err := dialPublish(ctx, a, opts.TLS)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer c.conn.Close()
	if opts.Published != nil {
		opts.Published()
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	listened := make(chan struct{})
	go func() {
		defer close(listened)
		for {
			if _, err := c.next(); err != nil {
				end(fmt.Errorf("server: %w", err))
				return
			}
		}
	}()
	// A write to a server that does not read is ended by the deadline.
	stop := context.AfterFunc(ctx, func() { _ = c.conn.SetWriteDeadline(time.Now().Add(clientLinger)) })
	defer stop()
	err = c.play(ctx, clip, opts)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		err = cause
	} else if ctx.Err() != nil {
		err = nil
	}
	c.leave(listened)
	return err
}

// play sends the clip's tags when they are due.
func (c *client) play(ctx context.Context, clip *flvClip, opts PublishOptions) error {
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	start := time.Now()
	for loop := 0; opts.Loops == 0 || loop < opts.Loops; loop++ {
		base := time.Duration(loop) * clip.length
		for i := range clip.tags {
			t := &clip.tags[i]
			if t.config && loop > 0 && !clip.repeat {
				continue
			}
			at := base + t.at
			if wait := time.Until(start.Add(at)); wait > 0 {
				alarm.Reset(wait)
				select {
				case <-ctx.Done():
					return nil
				case <-alarm.C:
				}
			} else if ctx.Err() != nil {
				return nil
			}
			if err := c.send(t, at, opts); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *client) send(t *tag, at time.Duration, opts PublishOptions) error {
	body := t.body
	switch {
	case t.kind == typeDataAMF0:
		body = append(appendString(nil, "@setDataFrame"), body...)
	case opts.Alter != nil && !t.config:
		body = opts.Alter(t.kind == typeVideo, at, body)
	}
	return c.media(t.kind, at, body)
}

// leave unpublishes and waits a moment for the server to close, so that nothing
// on the way is lost to a reset.
func (c *client) leave(listened <-chan struct{}) {
	_ = c.conn.SetDeadline(time.Now().Add(clientLinger))
	// A server that has gone needs no goodbye.
	_ = c.command(0, "deleteStream", 0, &rtmpmsg.NetStreamDeleteStream{StreamID: c.stream})
	<-listened
}
