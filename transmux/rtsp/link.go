package rtsp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// interleaved is the first byte of a packet among the requests (RFC 2326 section
// 10.12).
const interleaved = '$'

// link is one connection: it has its own idea of deadlines, and counts the packets
// that leave. What stands below belongs to the library's goroutine for it.
type link struct {
	net.Conn
	packets atomic.Uint64 // interleaved ones that have left
	left    chan struct{} // one of them has
	closed  chan struct{}
	once    sync.Once
	leave   func() // the place among those that wait

	nonce      string
	challenges int
	described  *described // what DESCRIBE has offered
	announced  []Media    // what ANNOUNCE is about to
	session    atomic.Pointer[session]

	mu    sync.Mutex
	cause error // why it ended, if that was no goodbye
}

func newLink(conn net.Conn, limit time.Duration) *link {
	_ = conn.SetReadDeadline(time.Now().Add(limit)) // the next read says what is wrong
	return &link{Conn: conn, left: make(chan struct{}, 1), closed: make(chan struct{}), leave: func() {}}
}

// SetReadDeadline is the library's wish: it knows none before a session.
func (c *link) SetReadDeadline(time.Time) error { return nil }

// establish says that the connection serves a session that has its own limits.
func (c *link) establish() {
	c.leave()
	_ = c.Conn.SetReadDeadline(time.Time{}) // likewise
}

func (c *link) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errSetup
	}
	c.note(err)
	return n, err
}

func (c *link) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err != nil {
		err = fmt.Errorf("it does not take what it is sent: %w", err)
		c.note(err)
		return n, err
	}
	if len(p) > 0 && p[0] == interleaved {
		c.packets.Add(1)
		select {
		case c.left <- struct{}{}:
		default:
		}
	}
	return n, nil
}

// Close may be called more than once.
func (c *link) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.leave()
	})
	return c.Conn.Close()
}

// turnOut ends the connection and says why.
func (c *link) turnOut(cause error) {
	c.note(cause)
	_ = c.Close()
}

// note remembers why the connection is about to end; the first reason counts.
func (c *link) note(err error) {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == nil {
		c.cause = err
	}
}

// broken is why the connection ended, nil after a goodbye.
func (c *link) broken() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}
