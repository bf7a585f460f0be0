package playout

import (
	"errors"
	"fmt"

	"millrace/transmux/access"
	"millrace/transmux/crowd"
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

// Configure puts other limits in force; who is in stays in.
func (g *Gate) Configure(l Limits) {
	if l.Viewers <= 0 {
		l.Viewers = DefaultMaxViewers
	}
	g.limits.Store(&l)
}

// enter counts a viewer in, or says what there is too much of. leave counts it out
// and is called once.
func (g *Gate) enter(r *Request) (leave func(), err error) {
	l := g.limits.Load()
	bounds := []crowd.Bound{
		{Limit: LimitViewers, Most: l.Viewers, No: func(in int) error {
			return fmt.Errorf("%w: %d are watching", ErrTooManyViewers, in)
		}},
		{Limit: LimitPerStream, Of: r.Stream, Most: l.PerStream, No: func(int) error {
			return fmt.Errorf("%w, which is %d", ErrStreamFull, l.PerStream)
		}},
	}
	if from := household.Of(household.Parse(r.Remote)); from.IsValid() {
		bounds = append(bounds, crowd.Bound{Limit: LimitPerAddress, Of: from.String(), Most: l.PerAddress, No: func(int) error {
			return fmt.Errorf("%w, which is %d", ErrTooManyOfYours, l.PerAddress)
		}})
	}
	// Only a credential that says in how many places it may watch is counted.
	if p := r.Permit; p.Viewers > 0 && p.Holder != "" {
		bounds = append(bounds, crowd.Bound{Limit: LimitPerToken, Of: p.Holder, Most: p.Viewers, No: func(int) error {
			return fmt.Errorf("%w: %w", ErrDenied, &access.Refusal{
				Kind:  access.ErrForbidden,
				Words: fmt.Sprintf("as many watch with this credential as it allows, which is %d", p.Viewers),
			})
		}})
	}
	return g.crowd.Enter(bounds...)
}

// Refusals count who was not let in, by the limit that it was.
func (g *Gate) Refusals() map[string]uint64 { return g.crowd.Refused() }
