package rtsp

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// lobby is the listener that the library is given. It bounds the connections that
// have not come to the point, and goes on when one Accept fails: the library would
// end.
type lobby struct {
	net.Listener
	ctx    context.Context
	server *Server
}

// Accept passes on the next connection, in its own clothes.
func (l *lobby) Accept() (net.Conn, error) {
	const shortest, longest = 5 * time.Millisecond, time.Second
	for pause := shortest; ; pause = min(2*pause, longest) {
		conn, err := l.Listener.Accept()
		switch {
		case err == nil:
			return l.server.receive(conn), nil
		case l.ctx.Err() != nil, errors.Is(err, net.ErrClosed):
			return nil, net.ErrClosed
		}
		l.server.counters.acceptErrors.Add(1)
		l.server.log.Debug("rtsp: accept", "error", err)
		select {
		case <-l.ctx.Done():
			return nil, net.ErrClosed
		case <-time.After(pause):
		}
	}
}

// receive makes a link of a connection and gives it a place among those that wait.
func (s *Server) receive(conn net.Conn) *link {
	s.counters.accepted.Add(1)
	below := conn
	if secure, ok := conn.(*tls.Conn); ok {
		below = secure.NetConn()
	}
	if tcp, ok := below.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{
			Enable: true, Idle: probeIdle, Interval: probeInterval, Count: probeCount,
		}) // or else the system's
		_ = tcp.SetWriteBuffer(writeBuffer) // likewise
	}
	c := newLink(conn, s.cfg.SetupTimeout)
	c.leave = s.waiting.enter(c.turnOut)
	return c
}

// waiting is a room for so many connections that have not come to the point yet.
// When it is full the one that has waited longest is turned out.
type waiting struct {
	limit int
	mu    sync.Mutex
	queue *list.List // of func(error), oldest first
}

func newWaiting(limit int) *waiting { return &waiting{limit: limit, queue: list.New()} }

// enter takes a place. end is called, at most once, if it must be given up, and
// leave when it is not needed any more.
func (w *waiting) enter(end func(error)) (leave func()) {
	var turnOut func(error)
	w.mu.Lock()
	if w.queue.Len() >= w.limit {
		turnOut = w.queue.Remove(w.queue.Front()).(func(error))
	}
	place := w.queue.PushBack(end)
	w.mu.Unlock()
	if turnOut != nil {
		turnOut(fmt.Errorf("%w: the oldest of %d", errCrowded, w.limit))
	}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.queue.Remove(place) // nothing, if it was turned out
	}
}

func (w *waiting) len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.queue.Len()
}
