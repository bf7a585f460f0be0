package port

import (
	"errors"
	"net"
	"os"
	"slices"
	"time"
)

const (
	// maxBacklog and maxDelay are when a connection is behind: from then on media
	// is left in the stream's ring, where a viewer that falls too far back goes on
	// at the newest keyframe. The bytes are a keyframe of a good picture, so that
	// one that keeps up is never held back; the time is what a slow line adds to
	// the latency of a poor one.
	maxBacklog = 256 << 10
	maxDelay   = 250 * time.Millisecond
	// maxQueue bounds what a connection may hold all told: what it has when it is
	// nearly behind, and one frame more, which may be a keyframe of 4K.
	maxQueue = 8 << 20
	// piece is what is written at a time, and writeTimeout what that may take: a
	// peer slower than 50 kb/s cannot follow anything.
	piece        = 64 << 10
	writeTimeout = 10 * time.Second
	// keptBuffer is how much memory a connection keeps between two frames.
	keptBuffer = 64 << 10
)

// queue is what waits to be written to a connection. It is guarded by stream.mu.
type queue struct {
	waiting []byte    // framed
	since   time.Time // when the first of waiting came
	spare   []byte    // to become waiting
	busy    bool      // the writing goroutine is there
	writing int       // bytes it has yet to write
	begun   time.Time // when the first of these came
	starved bool      // somebody was told that the connection is not ready
	last    bool      // close it once there is nothing left
}

func (q *queue) size() int { return len(q.waiting) + q.writing }

// behind tells whether the connection has more than so many bytes, or anything
// for too long.
func (q *queue) behind(most int, now time.Time) bool {
	oldest := q.begun
	switch {
	case q.size() == 0:
		return false
	case q.writing == 0:
		oldest = q.since
	}
	return q.size() > most || now.Sub(oldest) > maxDelay
}

// send queues packets of size bytes each, as Writer.SendRun has them.
func (s *stream) send(run []byte, size int) error {
	packets := (len(run) + size - 1) / size
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &s.queue
	total := len(run) + packets*frameHeader
	switch {
	case s.closed:
		return net.ErrClosed
	case q.size()+total > maxQueue:
		s.port.stats.refused.Add(1)
		return nil
	}
	if len(q.waiting) == 0 {
		q.since = time.Now()
	}
	q.waiting = slices.Grow(q.waiting, total)
	for len(run) > 0 {
		n := min(size, len(run))
		q.waiting = appendFrame(q.waiting, run[:n])
		run = run[n:]
	}
	s.port.stats.queued.Add(int64(total))
	s.port.stats.tcpPackets.Add(uint64(packets))
	if !q.busy {
		q.busy = true
		s.writer.Go(s.write)
	}
	return nil
}

// ready is Path.Ready.
func (s *stream) ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || !s.closeBy.IsZero() {
		return false
	}
	s.queue.starved = s.queue.behind(maxBacklog, time.Now())
	return !s.queue.starved
}

// write empties the queue and ends.
func (s *stream) write() {
	for {
		chunk := s.next()
		if chunk == nil {
			return
		}
		for rest := chunk; len(rest) > 0; {
			n := min(piece, len(rest))
			_ = s.conn.SetWriteDeadline(s.deadline())
			if _, err := s.conn.Write(rest[:n]); err != nil {
				s.fail(err)
				return
			}
			rest = rest[n:]
			s.wrote(n)
		}
		s.recycle(chunk)
	}
}

// next takes what waits, or ends the writing goroutine's time.
func (s *stream) next() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &s.queue
	if len(q.waiting) == 0 || s.closed {
		q.busy = false
		if q.last {
			_ = s.conn.Close()
		}
		return nil
	}
	chunk := q.waiting
	q.waiting, q.spare = q.spare[:0], nil
	q.writing, q.begun = len(chunk), q.since
	return chunk
}

func (s *stream) deadline() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closeBy.IsZero() {
		return s.closeBy
	}
	return time.Now().Add(writeTimeout)
}

// wrote counts, and wakes the endpoint that was told to wait once half the room
// is free again.
func (s *stream) wrote(n int) {
	s.port.stats.queued.Add(-int64(n))
	s.mu.Lock()
	q := &s.queue
	q.writing -= n
	wake := q.starved && s.endpoint != nil && !q.behind(maxBacklog/2, time.Now())
	if wake {
		q.starved = false
	}
	endpoint := s.endpoint
	s.mu.Unlock()
	if wake {
		endpoint.Drained()
	}
}

func (s *stream) recycle(chunk []byte) {
	if cap(chunk) > keptBuffer {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.spare = chunk[:0]
}

// fail closes a connection that cannot be written to; the reader then ends it.
func (s *stream) fail(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.port.stats.tcpStalled.Add(1)
	}
	_ = s.conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.busy = false
	s.closed = true
}

// discard drops what could not be written, once nobody writes any more.
func (s *stream) discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.port.stats.queued.Add(-int64(s.queue.size()))
	s.queue = queue{}
}
