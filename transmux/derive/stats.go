package derive

import (
	"sync"
	"sync/atomic"
	"time"

	"millrace/transmux/av"
)

// Stats are the room's counters, over all streams since the start.
type Stats struct {
	// Active is how many tracks are being made now.
	Active int
	// Frames were made. Corrupt units of the sources were replaced by silence.
	Frames, Corrupt uint64
	// Restarts counts makers that failed and were replaced.
	Restarts uint64
	// Busy is the time spent making, in sum over all streams.
	Busy time.Duration
}

type counters struct {
	active                    atomic.Int64
	frames, corrupt, restarts atomic.Uint64
	busy                      atomic.Int64
}

// Stats is a snapshot for the metrics.
func (r *Room) Stats() Stats {
	c := &r.counters
	return Stats{
		Active: int(c.active.Load()),
		Frames: c.frames.Load(), Corrupt: c.corrupt.Load(), Restarts: c.restarts.Load(),
		Busy: time.Duration(c.busy.Load()),
	}
}

// verdicts remember of which tracks it turned out, only while they were being
// used, that nothing can be made of them. A track is in it no longer than the
// derivation that found it out.
type verdicts struct {
	mu    sync.Mutex
	words map[*av.Track]string
}

func (v *verdicts) of(t *av.Track) (words string, found bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	words, found = v.words[t]
	return words, found
}

func (v *verdicts) set(t *av.Track, words string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.words == nil {
		v.words = make(map[*av.Track]string)
	}
	v.words[t] = words
}

func (v *verdicts) move(from, to *av.Track) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.words[to] = v.words[from]
	delete(v.words, from)
}

func (v *verdicts) drop(t *av.Track) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.words, t)
}
