package rtmp

import (
	"container/list"
	"fmt"
	"sync"
)

// waiting is a room for so many connections that have not come to the point yet.
// When it is full the one that has waited longest is turned out: an encoder
// needs a fraction of a second, so those who stay are the ones with nothing to
// say.
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
