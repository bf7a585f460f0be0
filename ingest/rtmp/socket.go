package rtmp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// errTimeout is wrapped by what is said of peers that are too slow.
var errTimeout = errors.New("timed out")

// socket reads from the peer under one deadline per step, which single bytes do
// not move, and knows when what it has read came in. Its methods are the reading
// goroutine's, but for stop.
type socket struct {
	net.Conn
	total *atomic.Uint64 // bytes read over all connections

	read    uint64    // bytes
	arrived time.Time // of the last of them

	step  string        // what the peer is expected to do
	limit time.Duration // in this time
	idle  bool          // whether signs of life move the deadline
	armed time.Time     // when it was moved last
	since int           // bytes since the last sign of life

	mu      sync.Mutex
	stopped bool
	lingers bool
}

func (s *socket) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	s.arrived = time.Now()
	s.read += uint64(n)
	s.total.Add(uint64(n))
	if s.since += n; s.since >= progressBytes {
		s.alive()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("%w: no %s within %v", errTimeout, s.step, s.limit)
	}
	return n, err
}

// expect begins a step that must be over within limit.
func (s *socket) expect(step string, limit time.Duration) error {
	s.step, s.limit, s.idle = step, limit, false
	return s.arm(time.Now())
}

// expectSigns begins a step that has no end, but needs a sign of life within
// limit after the last one.
func (s *socket) expectSigns(step string, limit time.Duration) error {
	s.step, s.limit, s.idle = step, limit, true
	return s.arm(time.Now())
}

// alive is a sign of life: a whole message, or a good part of one.
func (s *socket) alive() {
	s.since = 0
	// A moved deadline costs more than a read, and an eighth is exact enough.
	if s.idle && s.arrived.Sub(s.armed) > s.limit/8 {
		_ = s.arm(s.arrived) // the next read says what is wrong
	}
}

func (s *socket) arm(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.armed = now
	return s.SetReadDeadline(now.Add(s.limit))
}

// stop ends reading, now and for good. It may be called from anywhere.
func (s *socket) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	if !s.lingers {
		_ = s.SetReadDeadline(time.Unix(1, 0)) // of a closed connection: just as good
	}
}

// linger lets what still comes be read and thrown away for a while.
func (s *socket) linger(limit time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped, s.lingers = true, true
	_ = s.SetReadDeadline(time.Now().Add(limit)) // likewise
}
