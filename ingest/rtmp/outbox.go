package rtmp

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// outbox is the write side of a connection. Whoever has something to say leaves
// it here and goes on: a peer that does not read can neither stop the reading of
// its own stream nor make us hold more than maxUnsent for it. Only media waits
// (feed): for a viewer there is always something newer.
//
// Each Write must be whole chunks, so that those of the library and of the
// filter can follow each other in any order. The library's are, because its
// buffer is larger than any chunk it sends and it flushes after each.
type outbox struct {
	conn net.Conn
	sent *atomic.Uint64 // bytes over all connections
	fail func(error)    // called once, from any goroutine

	mu      sync.Mutex
	timeout time.Duration // for writePiece bytes
	pending []byte
	said    int  // bytes of it that are no media
	muted   bool // nothing more is taken
	closing bool // and what is left is the last
	broken  bool // the peer does not take it
	wake    chan struct{}
	drained chan struct{} // what was pending is being sent
	done    chan struct{}
}

func newOutbox(conn net.Conn, timeout time.Duration, sent *atomic.Uint64, fail func(error)) *outbox {
	return &outbox{
		conn: conn, timeout: timeout, sent: sent, fail: fail,
		wake: make(chan struct{}, 1), drained: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// allow sets another timeout.
func (o *outbox) allow(timeout time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.timeout = timeout
}

// Write leaves p to be sent. It always succeeds: a connection that is over
// swallows what is said, because the library can wait for its writes at the end,
// but not give them up.
func (o *outbox) Write(p []byte) (int, error) {
	o.mu.Lock()
	switch {
	case o.muted || o.broken:
	case o.said+len(p) > maxUnsent:
		o.broken = true
		defer o.fail(fmt.Errorf("%w: the peer leaves %d bytes unread", errTimeout, len(o.pending)))
	default:
		o.sayLocked(p)
	}
	o.mu.Unlock()
	signal(o.wake)
	return len(p), nil
}

// offer leaves p to be sent if the peer is reading. Answers that the peer can
// provoke at will go this way.
func (o *outbox) offer(p []byte) {
	o.mu.Lock()
	if !o.muted && !o.broken && o.said+len(p) <= maxUnsent/2 {
		o.sayLocked(p)
	}
	o.mu.Unlock()
	signal(o.wake)
}

func (o *outbox) sayLocked(p []byte) {
	o.pending = append(o.pending, p...)
	o.said += len(p)
}

// feed leaves what fill appends, a frame at most, to be sent. It waits while
// feedBelow bytes are before it. One goroutine may feed.
func (o *outbox) feed(ctx context.Context, fill func(dst []byte) []byte) error {
	for {
		o.mu.Lock()
		over := o.muted || o.broken
		if !over && len(o.pending) < feedBelow {
			o.pending = fill(o.pending)
			o.mu.Unlock()
			signal(o.wake)
			return nil
		}
		o.mu.Unlock()
		if over {
			return o.whyOver(ctx)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-o.drained:
		}
	}
}

// whyOver is the cause of the connection's end, once there is one.
func (o *outbox) whyOver(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-o.done: // fail has been called
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return net.ErrClosed
}

// signal wakes who waits for c, or will.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run sends until the outbox is closed and empty, or the peer does not take it.
func (o *outbox) run() {
	defer close(o.done)
	var sending []byte
	for range o.wake {
		for {
			if cap(sending) > maxKept {
				sending = nil
			}
			o.mu.Lock()
			sending, o.pending = o.pending, sending[:0]
			o.said = 0
			closing, broken := o.closing, o.broken
			o.mu.Unlock()
			signal(o.drained)
			if broken || closing && len(sending) == 0 {
				return
			}
			if len(sending) == 0 {
				break
			}
			if err := o.send(sending); err != nil {
				o.breakOff(fmt.Errorf("writing: %w", err))
				return
			}
		}
	}
}

// send writes b in pieces with a deadline each.
func (o *outbox) send(b []byte) error {
	for len(b) > 0 {
		o.mu.Lock()
		if !o.closing {
			_ = o.conn.SetWriteDeadline(time.Now().Add(o.timeout)) // Write tells
		}
		o.mu.Unlock()
		n, err := o.conn.Write(b[:min(len(b), writePiece)])
		o.sent.Add(uint64(n))
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func (o *outbox) breakOff(err error) {
	o.mu.Lock()
	o.broken = true
	o.mu.Unlock()
	o.fail(err)
	signal(o.drained)
}

// mute lets what is left be sent and takes nothing more.
func (o *outbox) mute() {
	o.mu.Lock()
	o.muted = true
	o.mu.Unlock()
}

// close waits until what is left has been sent, for as long as limit. It reports
// whether all was.
func (o *outbox) close(limit time.Duration) bool {
	o.mu.Lock()
	o.muted, o.closing = true, true
	_ = o.conn.SetWriteDeadline(time.Now().Add(limit)) // also of a write under way
	o.mu.Unlock()
	signal(o.wake)
	<-o.done
	return !o.broken
}
