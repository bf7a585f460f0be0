package rtsp

import (
	"context"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// item is one packet as it came, of either kind.
type item struct {
	media   int
	rtp     *rtp.Packet
	rtcp    rtcp.Packet
	arrived time.Time
}

func (i *item) size() int {
	if i.rtp == nil {
		return 0
	}
	return len(i.rtp.Payload)
}

// queue carries packets to the session's goroutine.
type queue struct {
	mu    sync.Mutex
	items []item
	bytes int
	wake  chan struct{}
	room  chan struct{}
}

func newQueue() *queue {
	return &queue{wake: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// push puts a packet in; false where there is no room for it.
func (q *queue) push(i item) bool {
	q.mu.Lock()
	full := len(q.items) >= queueItems || q.bytes+i.size() > queueBytes
	if !full {
		q.items = append(q.items, i)
		q.bytes += i.size()
	}
	q.mu.Unlock()
	signal(q.wake)
	return !full
}

// put is push for somebody who can wait.
func (q *queue) put(ctx context.Context, i item) {
	for !q.push(i) {
		select {
		case <-q.room:
		case <-ctx.Done():
			return
		}
	}
	signal(q.room) // there may be more who wait
}

// take hands over what waits, and takes back the slice of before.
func (q *queue) take(done []item) []item {
	clear(done)
	q.mu.Lock()
	waiting := q.items
	q.items, q.bytes = done[:0], 0
	q.mu.Unlock()
	signal(q.room)
	return waiting
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
