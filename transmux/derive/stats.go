package derive

import (
	"sync"
	"sync/atomic"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/derive/ffmpeg"
)

// Stats are the room's counters, over all streams since the start.
type Stats struct {
	// Active is how many tracks are being made now.
	Active int
	// Frames were made. Trouble counts units of the sources that could not be used:
	// corrupt ones, replaced by silence, and pictures left out by a machine too slow.
	Frames, Trouble uint64
	// Restarts counts makers that failed and were replaced.
	Restarts uint64
	// Busy is the time spent making, in sum over all streams.
	Busy time.Duration
	// FFmpeg are the processes.
	FFmpeg ffmpeg.Stats
}

type counters struct {
	active                    atomic.Int64
	frames, trouble, restarts atomic.Uint64
	busy                      atomic.Int64
}

// Stats is a snapshot for the metrics.
func (r *Room) Stats() Stats {
	c := &r.counters
	return Stats{
		Active: int(c.active.Load()),
		Frames: c.frames.Load(), Trouble: c.trouble.Load(), Restarts: c.restarts.Load(),
		Busy: time.Duration(c.busy.Load()), FFmpeg: r.program.Stats(),
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

// set says whether that is news.
func (v *verdicts) set(t *av.Track, words string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.words == nil {
		v.words = make(map[*av.Track]string)
	}
	news := v.words[t] != words
	v.words[t] = words
	return news
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
