package access

import (
	"context"
	"sync"
	"time"
)

const (
	// rememberFor is how long a password that was right is known without hashing:
	// a page that asks every two seconds is one hash in that time.
	rememberFor = 10 * time.Minute
	// maxRecent bounds the table; there are a thousand users at most.
	maxRecent = 4096
)

// recent are credentials that were found right, by their digests, and those that
// are being looked at.
type recent struct {
	mu      sync.Mutex
	known   map[digest]known
	pending map[digest]chan struct{}
}

type known struct {
	who *identity
	at  time.Time
}

func newRecent() *recent {
	return &recent{known: make(map[digest]known), pending: make(map[digest]chan struct{})}
}

// get is whose it is, if that is known.
func (r *recent) get(sum digest, now time.Time) *identity {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := r.known[sum]
	if !ok || now.Sub(k.at) > rememberFor {
		return nil
	}
	return k.who
}

// once finds out by look, once for all who ask at the same time, and remembers
// what was right: a whole venue may come with one password.
func (r *recent) once(ctx context.Context, sum digest, look func() (*identity, error)) (*identity, error) {
	for {
		if who := r.get(sum, time.Now()); who != nil {
			return who, nil
		}
		r.mu.Lock()
		pending := r.pending[sum]
		if pending == nil {
			pending = make(chan struct{})
			r.pending[sum] = pending
			r.mu.Unlock()
			return r.find(sum, pending, look)
		}
		r.mu.Unlock()
		select {
		case <-pending:
		case <-ctx.Done():
			return nil, unavailable("checking the password took too long: try again in a moment")
		}
	}
}

func (r *recent) find(sum digest, pending chan struct{}, look func() (*identity, error)) (who *identity, err error) {
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.pending, sum)
		close(pending)
		if who != nil {
			r.putLocked(sum, who)
		}
	}()
	return look()
}

func (r *recent) putLocked(sum digest, who *identity) {
	now := time.Now()
	for old, k := range r.known {
		if len(r.known) < maxRecent && now.Sub(k.at) <= rememberFor {
			break // there is room; what is old goes when it is met
		}
		delete(r.known, old)
	}
	r.known[sum] = known{who, now}
}
