// Package waiting bounds the connections that have not come to the point: that
// neither play nor publish yet.
//
// The rooms that have a listener of their own call it (ingest/rtmp,
// transmux/rtsp). It knows no protocol.
package waiting

import (
	"container/list"
	"fmt"
	"sync"
)

// Room has so many places. When it is full the one that has waited longest is
// turned out: an encoder needs a fraction of a second, so those who stay are the
// ones with nothing to say. Its methods are safe for concurrent use.
type Room struct {
	limit   int
	crowded error
	mu      sync.Mutex
	queue   *list.List // of func(error), oldest first
}

// New makes a room. crowded is wrapped by what those hear that are turned out.
func New(limit int, crowded error) *Room {
	return &Room{limit: limit, crowded: crowded, queue: list.New()}
}

// Enter takes a place. end is called, at most once, if it must be given up, and
// leave when it is not needed any more.
func (r *Room) Enter(end func(error)) (leave func()) {
	var turnOut func(error)
	r.mu.Lock()
	if r.queue.Len() >= r.limit {
		turnOut = r.queue.Remove(r.queue.Front()).(func(error))
	}
	place := r.queue.PushBack(end)
	r.mu.Unlock()
	if turnOut != nil {
		turnOut(fmt.Errorf("%w: the oldest of %d", r.crowded, r.limit))
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.queue.Remove(place) // nothing, if it was turned out
	}
}

// Len is how many wait.
func (r *Room) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.queue.Len()
}
