package rtmp

import (
	"sync"
	"time"
)

// reportEvery is how often one kind of trouble may be logged.
const reportEvery = time.Second

// reporter counts trouble that comes often, and reports how much and the last
// cause, once a second at most.
type reporter struct {
	report func(count int, last error)

	mu    sync.Mutex
	count int
	last  error
	said  time.Time
}

func (r *reporter) add(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	r.last = err
	if now := time.Now(); now.Sub(r.said) >= reportEvery {
		r.said = now
		r.flushLocked()
	}
}

// flush reports what has not been reported.
func (r *reporter) flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flushLocked()
}

func (r *reporter) flushLocked() {
	if r.count > 0 {
		r.report(r.count, r.last)
		r.count = 0
	}
}
