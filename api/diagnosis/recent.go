package diagnosis

import (
	"sync"
	"time"
)

const (
	// recentFor is how long what went wrong is news: somebody looks at the page some
	// minutes after it did.
	recentFor = 10 * time.Minute
	// maxRecent bounds the memory to some hundred kilobytes; in a storm the oldest go.
	maxRecent = 1024
	// maxWords bounds what one of them says, and a name that nobody has checked.
	maxWords = 255
)

// Recent remembers what happened lately to streams, by their names, which may be
// anything that a stranger sent. The zero value is ready; its methods are safe for
// concurrent use.
type Recent struct {
	mu   sync.Mutex
	ring []happening
	next int
}

type happening struct {
	at            time.Time
	stream, words string
}

// Note writes one down.
func (r *Recent) Note(stream, words string, now time.Time) {
	h := happening{now, stream[:min(len(stream), maxWords)], words[:min(len(words), maxWords)]}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ring) < maxRecent {
		r.ring = append(r.ring, h)
		return
	}
	r.ring[r.next] = h
	r.next = (r.next + 1) % maxRecent
}

// Of is what happened to that stream lately.
func (r *Recent) Of(stream string, now time.Time) (t Trouble) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.ring {
		h := &r.ring[i]
		if h.stream != stream || now.Sub(h.at) > recentFor {
			continue
		}
		t.Count++
		if !h.at.Before(t.Last) {
			t.Last, t.Words = h.at, h.words
		}
	}
	return t
}
