package playout

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"

	"millrace/transmux/access"
	"millrace/transmux/household"
)

// Limits bound who watches at the same time. Zero is no limit, but for Viewers,
// where it is the default.
type Limits struct {
	Viewers    int
	PerStream  int
	PerAddress int // for IPv6 a /64
}

// The sentinels of the limits.
var (
	// ErrTooManyViewers means that the gateway is full.
	ErrTooManyViewers = errors.New("too many viewers")
	// ErrStreamFull means that this stream has as many as one may have; it is an
	// ErrTooManyViewers.
	ErrStreamFull = fmt.Errorf("%w of this stream", ErrTooManyViewers)
	// ErrTooManyOfYours means that there is room, but not for this viewer.
	ErrTooManyOfYours = errors.New("as many watch from your address as may")
)

// The limits' names, which refusals are counted by.
const (
	LimitViewers    = "viewers"
	LimitPerStream  = "viewers_per_stream"
	LimitPerAddress = "viewers_per_address"
	LimitPerToken   = "viewers_of_credential"
)

// crowd counts who is in. Its methods are safe for concurrent use.
type crowd struct {
	limits atomic.Pointer[Limits]

	mu        sync.Mutex
	inside    int
	streams   map[string]int
	addresses map[netip.Addr]int
	holders   map[string]int // of credentials that may watch only in so many places

	refused struct{ viewers, stream, address, token atomic.Uint64 }
}

func newCrowd(l Limits) *crowd {
	c := &crowd{streams: map[string]int{}, addresses: map[netip.Addr]int{}, holders: map[string]int{}}
	c.configure(l)
	return c
}

func (c *crowd) configure(l Limits) {
	if l.Viewers <= 0 {
		l.Viewers = DefaultMaxViewers
	}
	c.limits.Store(&l)
}

// enter counts a viewer in, or says what there is too much of. leave counts it out
// and is called once.
func (c *crowd) enter(r *Request) (leave func(), err error) {
	from, holder := household.Of(household.Parse(r.Remote)), ""
	if r.Permit.Viewers > 0 {
		holder = r.Permit.Holder
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.roomLocked(r, from, holder); err != nil {
		return nil, err
	}
	c.inside++
	c.streams[r.Stream]++
	c.addresses[from]++
	if holder != "" {
		c.holders[holder]++
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.inside--
		less(c.streams, r.Stream)
		less(c.addresses, from)
		if holder != "" {
			less(c.holders, holder)
		}
	}, nil
}

// roomLocked says whether there is room.
func (c *crowd) roomLocked(r *Request, from netip.Addr, holder string) error {
	l := c.limits.Load()
	switch {
	case c.inside >= l.Viewers:
		c.refused.viewers.Add(1)
		return fmt.Errorf("%w: %d are watching", ErrTooManyViewers, c.inside)
	case l.PerStream > 0 && c.streams[r.Stream] >= l.PerStream:
		c.refused.stream.Add(1)
		return fmt.Errorf("%w, which is %d", ErrStreamFull, l.PerStream)
	case l.PerAddress > 0 && from.IsValid() && c.addresses[from] >= l.PerAddress:
		c.refused.address.Add(1)
		return fmt.Errorf("%w, which is %d", ErrTooManyOfYours, l.PerAddress)
	case holder != "" && c.holders[holder] >= r.Permit.Viewers:
		c.refused.token.Add(1)
		return fmt.Errorf("%w: %w", ErrDenied, &access.Refusal{
			Kind:  access.ErrForbidden,
			Words: fmt.Sprintf("as many watch with this credential as it allows, which is %d", r.Permit.Viewers),
		})
	}
	return nil
}

// less counts down, and forgets who is not there.
func less[K comparable](counts map[K]int, key K) {
	if counts[key]--; counts[key] <= 0 {
		delete(counts, key)
	}
}

func (c *crowd) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inside
}

// Configure puts other limits in force; who is in stays in.
func (g *Gate) Configure(l Limits) { g.crowd.configure(l) }

// Refusals count who was not let in, by the limit that it was.
func (g *Gate) Refusals() map[string]uint64 {
	r := &g.crowd.refused
	return map[string]uint64{
		LimitViewers: r.viewers.Load(), LimitPerStream: r.stream.Load(),
		LimitPerAddress: r.address.Load(), LimitPerToken: r.token.Load(),
	}
}
