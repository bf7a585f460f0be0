package intake

import (
	"sync"
	"time"
)

const (
	// queuePackets and queueBytes bound what waits for a session's goroutine:
	// half a second of 25 Mb/s. One that is further behind loses packets, as on
	// any full line.
	queuePackets = 1024
	queueBytes   = 2 << 20
)

// packet is one protected RTP packet as it came.
type packet struct {
	sealed  []byte
	arrived time.Time
}

// queue carries packets from the port's goroutine to the session's.
type queue struct {
	mu      sync.Mutex
	packets []packet
	bytes   int
	free    [][]byte // of packets that are done with
	wake    chan struct{}
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// push copies a packet in; false where there is no room for it.
func (q *queue) push(sealed []byte, arrived time.Time) bool {
	q.mu.Lock()
	if len(q.packets) == queuePackets || q.bytes+len(sealed) > queueBytes {
		q.mu.Unlock()
		return false
	}
	var b []byte
	if n := len(q.free); n > 0 {
		b, q.free = q.free[n-1], q.free[:n-1]
	}
	q.packets = append(q.packets, packet{append(b[:0], sealed...), arrived})
	q.bytes += len(sealed)
	q.mu.Unlock()
	q.signal()
	return true
}

// signal wakes the session.
func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take hands over what waits, and takes back what was handed over before.
func (q *queue) take(done []packet) []packet {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range done {
		if len(q.free) < queuePackets/8 { // an ordinary second's; a burst's go to the collector
			q.free = append(q.free, p.sealed)
		}
	}
	waiting := q.packets
	q.packets, q.bytes = done[:0], 0
	return waiting
}
