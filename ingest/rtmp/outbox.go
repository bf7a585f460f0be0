package rtmp

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// outbox is the write side of a connection. Whoever has something to say leaves
// it here and goes on: a peer that does not read can neither stop the reading of
// its own stream nor make us hold more than maxUnsent for it.
//
// Each Write must be whole chunks, so that those of the library and of the
// filter can follow each other in any order. The library's are, because its
// buffer is larger than any chunk it sends and it flushes after each.
type outbox struct {
	conn    net.Conn
	timeout time.Duration
	fail    func(error) // called once, from any goroutine

	mu      sync.Mutex
	pending []byte
	muted   bool // nothing more is taken
	closing bool // and what is left is the last
	broken  bool // the peer does not take it
	wake    chan struct{}
	done    chan struct{}
}

func newOutbox(conn net.Conn, timeout time.Duration, fail func(error)) *outbox {
	return &outbox{
		conn: conn, timeout: timeout, fail: fail,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// Write leaves p to be sent. It always succeeds: a connection that is over
// swallows what is said, because the library can wait for its writes at the end,
// but not give them up.
func (o *outbox) Write(p []byte) (int, error) {
	o.mu.Lock()
	switch {
	case o.muted || o.broken:
	case len(o.pending)+len(p) > maxUnsent:
		o.broken = true
		defer o.fail(fmt.Errorf("%w: the peer leaves %d bytes unread", errTimeout, len(o.pending)))
	default:
		o.pending = append(o.pending, p...)
	}
	o.mu.Unlock()
	o.signal()
	return len(p), nil
}

// offer leaves p to be sent if the peer is reading. Answers that the peer can
// provoke at will go this way.
func (o *outbox) offer(p []byte) {
	o.mu.Lock()
	if !o.muted && !o.broken && len(o.pending)+len(p) <= maxUnsent/2 {
		o.pending = append(o.pending, p...)
	}
	o.mu.Unlock()
	o.signal()
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// run sends until the outbox is closed and empty, or the peer does not take it.
func (o *outbox) run() {
	defer close(o.done)
	var sending []byte
	for range o.wake {
		for {
			o.mu.Lock()
			sending, o.pending = o.pending, sending[:0]
			closing, broken := o.closing, o.broken
			if !closing && len(sending) > 0 {
				_ = o.conn.SetWriteDeadline(time.Now().Add(o.timeout)) // Write tells
			}
			o.mu.Unlock()
			if broken || closing && len(sending) == 0 {
				return
			}
			if len(sending) == 0 {
				break
			}
			if _, err := o.conn.Write(sending); err != nil {
				o.breakOff(fmt.Errorf("writing: %w", err))
				return
			}
		}
	}
}

func (o *outbox) breakOff(err error) {
	o.mu.Lock()
	o.broken = true
	o.mu.Unlock()
	o.fail(err)
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
	o.signal()
	<-o.done
	return !o.broken
}
