package access

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"millrace/transmux/household"
)

const (
	// freeAttempts are wrong credentials that an address may try at once: a person
	// who mistypes, several of them behind one NAT.
	freeAttempts = 20
	// attemptEvery is when it may try another: 14 400 a day are no search.
	attemptEvery = 6 * time.Second
	// maxAddresses bounds the table to about a megabyte.
	maxAddresses = 8 << 10
)

// brake slows down addresses that wrong credentials come from. Each has a bucket
// of attempts; a right credential takes none. When the table is full an address is
// forgotten for a new one: a flood from everywhere is not held up by it, but costs
// nobody else anything either, and what it can make us compute the mill bounds.
type brake struct {
	mu        sync.Mutex
	addresses map[netip.Addr]*attempts
}

// attempts are one address's.
type attempts struct {
	left float64
	at   time.Time // when left was right
	// wrong are the last wrong credentials, the newest first: several devices of a
	// household may have old ones.
	wrong [4]digest
}

func newBrake() *brake { return &brake{addresses: make(map[netip.Addr]*attempts)} }

// forget lets everybody try anew.
func (b *brake) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.addresses)
}

// attempt is one that has begun.
type attempt struct {
	wait   time.Duration // not allowed before that
	again  bool          // it is the same wrong one as before, which costs nothing
	brake  *brake
	source netip.Addr
}

// begin takes an attempt from the address, before anything is computed, so that
// many at the same time do not pass. The digest is of the credential, or zero if
// that is not known.
func (b *brake) begin(from netip.Addr, credential digest, now time.Time) attempt {
	from = household.Of(from)
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.addresses[from]
	if a == nil {
		b.makeRoomLocked(now)
		a = &attempts{left: freeAttempts, at: now}
		b.addresses[from] = a
	}
	a.refill(now)
	result := attempt{brake: b, source: from}
	switch {
	case credential != digest{} && slices.Contains(a.wrong[:], credential):
		result.again = true // an encoder that tries for ever learns nothing by it
	case a.left < 1:
		result.wait = time.Duration((1 - a.left) * float64(attemptEvery))
	default:
		a.left--
	}
	return result
}

func (a *attempts) refill(now time.Time) {
	if passed := now.Sub(a.at); passed > 0 {
		a.left = min(freeAttempts, a.left+passed.Seconds()/attemptEvery.Seconds())
		a.at = now
	}
}

// makeRoomLocked forgets addresses that have all attempts left, or else any.
func (b *brake) makeRoomLocked(now time.Time) {
	if len(b.addresses) < maxAddresses {
		return
	}
	const looks = 64 // at addresses, which maps give in random order
	n := 0
	for addr, a := range b.addresses {
		if a.refill(now); a.left >= freeAttempts {
			delete(b.addresses, addr)
		}
		if n++; n == looks {
			break
		}
	}
	for addr := range b.addresses {
		if len(b.addresses) < maxAddresses {
			return
		}
		delete(b.addresses, addr)
	}
}

// forgive gives the attempt back.
func (t attempt) forgive() {
	if t.again {
		return
	}
	t.brake.mu.Lock()
	defer t.brake.mu.Unlock()
	if a := t.brake.addresses[t.source]; a != nil {
		a.left = min(freeAttempts, a.left+1)
	}
}

// wrong remembers which credential it was.
func (t attempt) wrong(credential digest) {
	t.brake.mu.Lock()
	defer t.brake.mu.Unlock()
	a := t.brake.addresses[t.source]
	if a == nil || t.again {
		return
	}
	copy(a.wrong[1:], a.wrong[:])
	a.wrong[0] = credential
}
