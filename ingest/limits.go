package ingest

import (
	"errors"
	"fmt"

	"millrace/transmux/crowd"
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

// Configure puts other limits in force. Who is in stays in, but for the bitrate,
// which holds for everybody.
func (g *Gate) Configure(l Limits) {
	if l.Publishers <= 0 {
		l.Publishers = DefaultMaxPublishers
	}
	g.limits.Store(&l)
}

// enter counts a publisher in, or says what there is too much of. leave counts it out
// and is called once.
func (g *Gate) enter(r *Request) (leave func(), err error) {
	l := g.limits.Load()
	bounds := []crowd.Bound{{Limit: LimitPublishers, Most: l.Publishers, No: func(in int) error {
		return fmt.Errorf("%w: %d are publishing", ErrTooManyPublishers, in)
	}}}
	if holder := r.Permit.Holder; holder != "" {
		bounds = append(bounds, crowd.Bound{Limit: LimitPerUser, Of: holder, Most: l.PerUser, No: func(int) error {
			return fmt.Errorf("%w with one credential, which is %d", ErrTooManyOfYours, l.PerUser)
		}})
	}
	if from := household.Of(household.Parse(r.Remote)); from.IsValid() {
		bounds = append(bounds, crowd.Bound{Limit: LimitPerAddress, Of: from.String(), Most: l.PerAddress, No: func(int) error {
			return fmt.Errorf("%w from one address, which is %d", ErrTooManyOfYours, l.PerAddress)
		}})
	}
	return g.crowd.Enter(bounds...)
}

// Refusals count who was not let in, or was ended, by the limit that it was.
func (g *Gate) Refusals() map[string]uint64 { return g.crowd.Refused() }
