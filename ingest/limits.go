package ingest

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"

	"millrace/transmux/household"
)

// Limits bound who publishes. Zero is no limit, but for Publishers, where it is the
// default.
type Limits struct {
	Publishers int // at the same time
	PerUser    int // of these, with one and the same credential
	PerAddress int // of these, from one address; for IPv6 a /64
	Bitrate    int // bits a second that each may send; a permit may say less
}

// The sentinels of the limits.
var (
	// ErrTooManyPublishers means that the gateway is full.
	ErrTooManyPublishers = errors.New("too many publishers")
	// ErrTooManyOfYours means that the gateway has room, but not for this peer.
	ErrTooManyOfYours = errors.New("you publish as many streams as one may")
	// ErrBitrate is the cause of the end of a publisher that sent more than the
	// gateway lets anybody send.
	ErrBitrate = errors.New("it sent more bits a second than this gateway takes of one publisher")
)

// The limits' names, which refusals are counted by.
const (
	LimitPublishers = "publishers"
	LimitPerUser    = "streams_per_user"
	LimitPerAddress = "streams_per_address"
	LimitBitrate    = "bitrate"
)

// crowd counts who is in. Its methods are safe for concurrent use.
type crowd struct {
	limits atomic.Pointer[Limits]

	mu        sync.Mutex
	inside    int
	holders   map[string]int
	addresses map[netip.Addr]int

	refused struct{ publishers, user, address, bitrate atomic.Uint64 }
}

func newCrowd(l Limits) *crowd {
	c := &crowd{holders: map[string]int{}, addresses: map[netip.Addr]int{}}
	c.configure(l)
	return c
}

func (c *crowd) configure(l Limits) {
	if l.Publishers <= 0 {
		l.Publishers = DefaultMaxPublishers
	}
	c.limits.Store(&l)
}

// enter counts somebody in, or says what there is too much of. leave counts them
// out and is called once.
func (c *crowd) enter(holder, remote string) (leave func(), err error) {
	l, from := c.limits.Load(), household.Of(household.Parse(remote))
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.inside >= l.Publishers:
		c.refused.publishers.Add(1)
		return nil, fmt.Errorf("%w: %d are publishing", ErrTooManyPublishers, c.inside)
	case l.PerUser > 0 && holder != "" && c.holders[holder] >= l.PerUser:
		c.refused.user.Add(1)
		return nil, fmt.Errorf("%w with one credential, which is %d", ErrTooManyOfYours, l.PerUser)
	case l.PerAddress > 0 && from.IsValid() && c.addresses[from] >= l.PerAddress:
		c.refused.address.Add(1)
		return nil, fmt.Errorf("%w from one address, which is %d", ErrTooManyOfYours, l.PerAddress)
	}
	c.inside++
	c.holders[holder]++
	c.addresses[from]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.inside--
		if c.holders[holder]--; c.holders[holder] == 0 {
			delete(c.holders, holder)
		}
		if c.addresses[from]--; c.addresses[from] == 0 {
			delete(c.addresses, from)
		}
	}, nil
}

func (c *crowd) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inside
}

// Configure puts other limits in force. Who is in stays in, but for the bitrate,
// which holds for everybody.
func (g *Gate) Configure(l Limits) { g.crowd.configure(l) }

// Refusals count who was not let in, or was ended, by the limit that it was.
func (g *Gate) Refusals() map[string]uint64 {
	r := &g.crowd.refused
	return map[string]uint64{
		LimitPublishers: r.publishers.Load(), LimitPerUser: r.user.Load(),
		LimitPerAddress: r.address.Load(), LimitBitrate: r.bitrate.Load(),
	}
}
