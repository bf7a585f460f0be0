package resource

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"millrace/transmux/household"
	"millrace/transmux/problem"
)

const (
	// DefaultRate is requests a second of one address. A whole venue may stand
	// behind one, and a whole audience behind a reverse proxy: 300 who join in a
	// second make two or three requests each. A thousand that are refused cost a
	// tenth of a core; more joins than that are more than two cores can take.
	DefaultRate = 1000
	// burstSeconds is how much of the rate may be saved up: two thousand people
	// who press play at the same moment.
	burstSeconds = 4
	// maxAddresses bounds the table; what comes from more addresses than this at a
	// time shares one bucket.
	maxAddresses = 16 << 10
	// sweepInterval is the least time between two looks for idle addresses in a
	// full table.
	sweepInterval = time.Second
)

// limiter is a token bucket for each address.
type limiter struct {
	rate, burst float64

	mu      sync.Mutex
	buckets map[netip.Addr]bucket
	others  bucket // of all those that the table has no room for
	swept   time.Time
	refused uint64
}

// bucket is full when it is not in use: tokens as of a time.
type bucket struct {
	tokens float64
	at     time.Time
}

// configure changes the rate; what an address has spent stays spent.
func (l *limiter) configure(rate int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rate, l.burst = float64(rate), float64(rate*burstSeconds)
}

func newLimiter(rate int) limiter {
	return limiter{rate: float64(rate), burst: float64(rate * burstSeconds), buckets: make(map[netip.Addr]bucket)}
}

// take takes a token of the address's. Where there is none it returns when there
// will be.
func (l *limiter) take(addr netip.Addr, now time.Time) (wait time.Duration) {
	addr = household.Of(addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[addr]
	if !known && len(l.buckets) >= maxAddresses {
		l.sweep(now)
	}
	shared := !known && len(l.buckets) >= maxAddresses
	if shared {
		b = l.others
	}
	b, wait = l.spend(b, now)
	if shared {
		l.others = b
	} else {
		l.buckets[addr] = b
	}
	return wait
}

func (l *limiter) spend(b bucket, now time.Time) (bucket, time.Duration) {
	b.tokens, b.at = l.fill(b, now), now
	if b.tokens >= 1 {
		b.tokens--
		return b, 0
	}
	l.refused++
	return b, time.Duration((1 - b.tokens) / l.rate * float64(time.Second))
}

// fill is how many tokens the bucket has now.
func (l *limiter) fill(b bucket, now time.Time) float64 {
	if b.at.IsZero() {
		return l.burst
	}
	return min(l.burst, b.tokens+now.Sub(b.at).Seconds()*l.rate)
}

// sweep forgets the addresses whose buckets are full again.
func (l *limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < sweepInterval {
		return
	}
	l.swept = now
	for addr, b := range l.buckets {
		if l.fill(b, now) >= l.burst {
			delete(l.buckets, addr)
		}
	}
}

// Configure puts other ICE servers and another rate (0 is the default) in force for
// the requests that come.
func (room *Room) Configure(servers []ICEServer, rate int) {
	if rate <= 0 {
		rate = DefaultRate
	}
	room.shared.Store(&servers)
	room.limit.configure(rate)
}

// Refused counts the requests that came too fast.
func (room *Room) Refused() uint64 {
	room.limit.mu.Lock()
	defer room.limit.mu.Unlock()
	return room.limit.refused
}

// limited refuses requests that start, change or end sessions where there are too
// many of one address (RFC 9725 section 5).
func (room *Room) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodPost, http.MethodPatch, http.MethodDelete:
			if wait := room.limit.take(peerOf(r).Addr(), time.Now()); wait > 0 {
				Fail(w, problem.New(http.StatusTooManyRequests, "Too many requests come from your address. Ask again in a moment.").After(wait))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
