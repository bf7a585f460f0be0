package ledger

import (
	"sync/atomic"
	"time"
)

// TallyEvery is how often a session's goroutine says how it is doing: rates are
// measured over some seconds, and people look once in one.
const TallyEvery = time.Second

// Tally is where a session's goroutine leaves its Numbers, for anybody to read
// without waiting and without it being asked. The zero value is of a session that is
// connecting.
type Tally struct {
	last atomic.Pointer[Numbers]
	told time.Time // the session's goroutine's
}

// Due says whether it is time to tell again. It is for the session's goroutine.
func (t *Tally) Due(now time.Time) bool { return now.Sub(t.told) >= TallyEvery }

// Tell leaves the numbers as they were at that time. It is for the session's goroutine.
func (t *Tally) Tell(n Numbers, now time.Time) {
	t.told, n.At = now, now
	t.last.Store(&n)
}

// Numbers are those that were left last; it is what a gate's request wants.
func (t *Tally) Numbers() Numbers {
	if n := t.last.Load(); n != nil {
		return *n
	}
	return Numbers{Connecting: true}
}
