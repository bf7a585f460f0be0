package api

import (
	"sync"
	"time"

	"millrace/transmux/ledger"
)

const (
	// rateSpan is the least time that a rate is measured over: less would show
	// single frames, and sessions say only once in a while how they do.
	rateSpan = 1500 * time.Millisecond
	// rateMemory is how long the count of a session that nobody asks about is kept.
	rateMemory = time.Minute
)

// rates turn counts into rates for those who ask again and again, without anybody
// counting while nobody asks.
type rates struct {
	mu    sync.Mutex
	kept  map[string]*rate
	swept time.Time
}

// rate has two earlier counts: the older is at least rateSpan old as soon as there
// has been one, so that however often it is asked, the span is long enough.
type rate struct {
	older, newer count
}

type count struct {
	bytes uint64
	at    time.Time
}

// of is the rate in bits a second of what has brought so many bytes since its
// begin: over the last seconds if it was asked for before, or else since the begin.
func (r *rates) of(id string, n ledger.Numbers, since, now time.Time) float64 {
	bytes := n.Bytes
	if !n.At.IsZero() {
		now = n.At
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept = map[string]*rate{}
	}
	r.sweepLocked(now)
	k := r.kept[id]
	if k == nil {
		begin := count{0, since}
		k = &rate{older: begin, newer: begin}
		r.kept[id] = k
	}
	if now.Sub(k.newer.at) >= rateSpan {
		k.older, k.newer = k.newer, count{bytes, now}
	}
	if bytes < k.older.bytes {
		return 0
	}
	// One that has just come may have had seconds of the stream in a millisecond.
	span := max(now.Sub(k.older.at), rateSpan)
	return float64(bytes-k.older.bytes) * 8 / span.Seconds()
}

// sweepLocked forgets those that nobody has asked about for long.
func (r *rates) sweepLocked(now time.Time) {
	if now.Sub(r.swept) < rateMemory {
		return
	}
	r.swept = now
	for id, k := range r.kept {
		if now.Sub(k.newer.at) > rateMemory {
			delete(r.kept, id)
		}
	}
}
