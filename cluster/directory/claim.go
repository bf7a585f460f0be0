package directory

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"time"
)

// Claim is this node's right to originate a stream, from Claim until Release or
// until it is Lost.
type Claim struct {
	d     *Directory
	live  func() bool
	lost  chan struct{}
	leave func() // ends the watch of our own key

	// Guarded by d.mu:
	place     Place
	revision  uint64
	confirmed bool
	settling  bool
	due       time.Time // when to say it again
	err       error
	withdraw  func() // ends what vouch began; nil if it did not
}

// Claim makes this node the origin of a stream: until the claim is released,
// nobody else gets it while this node lives. It gives a *TakenError (ErrTaken)
// if another node has the stream, and that node, asked, says that its publisher
// is there. live answers that question for our own claim, without blocking; nil
// is always. A stream that this node has already is claimed anew: the old claim
// is lost to ErrSucceeded.
//
// While the directory cannot be reached a claim is given on trust.
func (d *Directory) Claim(ctx context.Context, stream string, live func() bool) (*Claim, error) {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil, wrap(ErrClosed)
	}
	generation := uint64(time.Now().UnixMicro()) // above what a store forgot, however it forgot it
	old := d.claims[stream]
	if old != nil {
		generation = max(generation, old.place.Generation+1)
	}
	c := &Claim{
		d: d, live: live, lost: make(chan struct{}), settling: true,
		place: Place{Stream: stream, Node: d.self.ID, Session: d.self.Session, Generation: generation},
	}
	if old != nil {
		c.confirmed, c.revision = old.confirmed, old.revision
		old.loseLocked(ErrSucceeded)
	}
	d.claims[stream] = c
	d.mu.Unlock()

	_, c.leave = d.Watch(stream)
	err := d.settle(ctx, c)
	d.mu.Lock()
	c.settling = false
	trusted := false
	switch {
	case c.err != nil:
		err = c.err // a later claim was quicker, or the winner told us first
	case err == nil:
	case errors.Is(err, ErrTaken) || ctx.Err() != nil:
		c.loseLocked(err)
	default:
		c.due = time.Now() // as soon as it can be said
		err, trusted = nil, true
	}
	place := c.place
	d.mu.Unlock()
	if err != nil {
		return nil, wrap(err)
	}
	if trusted {
		d.vouch(c)
		_ = d.store.Hint(kindClaim, stream, encode(place)) // whom it reaches is served sooner
	}
	return c, nil
}

// Place is where the stream is: here. The generation may yet grow while the
// claim is not Confirmed.
func (c *Claim) Place() Place {
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	return c.place
}

// Confirmed says whether the directory knows of the claim.
func (c *Claim) Confirmed() bool {
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	return c.confirmed
}

// Lost is closed when the claim is over, for whatever reason.
func (c *Claim) Lost() <-chan struct{} { return c.lost }

// Err is why the claim is over once Lost is closed: ErrMoved, ErrSucceeded or
// ErrReleased.
func (c *Claim) Err() error {
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	return c.err
}

// Release lets the stream go, and the others know. It does not wait.
func (c *Claim) Release() {
	d := c.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if c.err != nil {
		return
	}
	c.loseLocked(ErrReleased)
	if s := d.places.known[c.place.Stream]; s != nil && s.place.Session == d.self.Session {
		s.place.Node, s.place.Session = "", 0
		s.place.Generation = c.place.Generation
		d.retellLocked(s)
	}
	d.asyncLocked(func(ctx context.Context) { d.letGo(ctx, c) })
}

// letGo leaves the generation behind, so that the next one is greater.
func (d *Directory) letGo(ctx context.Context, c *Claim) {
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	d.mu.Lock()
	gone, revision, confirmed := c.place, c.revision, c.confirmed
	again := d.claims[c.place.Stream] != nil
	d.mu.Unlock()
	if again || !confirmed {
		return
	}
	gone.Node, gone.Session = "", 0
	// A conflict is somebody who has it now; what cannot be said is said by our
	// node's end, or by the one who claims it next and asks.
	_, _ = d.store.Write(ctx, kindClaim, gone.Stream, encode(gone), revision, claimTTL)
}

// loseLocked ends the claim.
func (c *Claim) loseLocked(cause error) {
	if c.err != nil {
		return
	}
	c.err = cause
	close(c.lost)
	c.vouchedLocked()
	if c.d.claims[c.place.Stream] == c {
		delete(c.d.claims, c.place.Stream)
	}
	if c.leave != nil {
		c.d.asyncLocked(func(context.Context) { c.leave() })
	}
}

// contestLocked looks at what another wrote about a stream that we claim. What
// the directory holds goes before what was never in it; of two claims that were,
// the later one stands.
func (d *Directory) contestLocked(stream string, e Entry) {
	c := d.claims[stream]
	if c == nil || c.settling || e.Revision < c.revision {
		return
	}
	var p Place
	if e.Value != nil {
		_ = json.Unmarshal(e.Value, &p) // learn has read it already
	}
	switch {
	case p.Session == d.self.Session && p.Generation == c.place.Generation:
		c.revision, c.confirmed = e.Revision, true
		c.vouchedLocked()
	case p.Live() && p.Session != d.self.Session && d.liveLocked(p).Live() && (!c.confirmed || p.Generation > c.place.Generation):
		d.log.Warn("directory: stream is another node's now", "stream", stream, "node", p.Node)
		c.loseLocked(&movedError{p})
	default:
		c.due = time.Now()
		d.wake()
	}
}

// movedError says who has the stream.
type movedError struct{ holder Place }

func (e *movedError) Error() string { return ErrMoved.Error() + ": " + e.holder.Node }

func (e *movedError) Unwrap() error { return ErrMoved }

// settleTries bounds how often a claim is written that others write too.
const settleTries = 8

// settle writes the claim into the store, if it stands: nil, or ErrTaken, or
// what kept us from knowing.
func (d *Directory) settle(ctx context.Context, c *Claim) error {
	for range settleTries {
		e, err := d.get(ctx, kindClaim, c.place.Stream)
		if err != nil {
			return err
		}
		var p Place
		if e.Value != nil && json.Unmarshal(e.Value, &p) != nil {
			p = Place{}
		}
		if p.Live() && p.Session != d.self.Session && !d.stands(c, p) {
			if holds := d.holds(ctx, p, question{kindClaim, c.place.Stream}); holds {
				return &TakenError{p}
			}
		}
		d.mu.Lock()
		if c.err != nil {
			d.mu.Unlock()
			return c.err
		}
		if p.Generation >= c.place.Generation && (p.Session != d.self.Session || p.Generation > c.place.Generation) {
			c.place.Generation = p.Generation + 1
		}
		mine := c.place
		d.mu.Unlock()
		revision, err := d.write(ctx, kindClaim, mine.Stream, encode(mine), e.Revision)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return err
		}
		d.mu.Lock()
		c.revision, c.confirmed = revision, true
		c.vouchedLocked()
		c.due = time.Now().Add(renewal())
		d.mu.Unlock()
		d.learn(mine.Stream, Entry{Value: encode(mine), Revision: revision}, true)
		return nil
	}
	return ErrConflict
}

// stands says whether our claim goes before the one that the store holds.
func (d *Directory) stands(c *Claim, other Place) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return c.confirmed && c.place.Generation > other.Generation
}

// renewal is when a key is written again, spread so that a cluster that began at
// once does not renew at once.
func renewal() time.Duration {
	return claimTTL/3 + rand.N(claimTTL/6)
}

// renew says again what is due; claims that were lost meanwhile end.
func (d *Directory) renew(ctx context.Context, all bool) error {
	now := time.Now()
	var due []*Claim
	d.mu.Lock()
	for _, c := range d.claims {
		if !c.settling && (all || !c.due.After(now)) {
			c.settling = true
			due = append(due, c)
		}
	}
	d.mu.Unlock()
	return each(due, func(c *Claim) error {
		err := d.settle(ctx, c)
		d.mu.Lock()
		defer d.mu.Unlock()
		c.settling = false
		var taken *TakenError
		if errors.As(err, &taken) {
			d.log.Warn("directory: stream is another node's now", "stream", c.place.Stream, "node", taken.Holder.Node)
			c.loseLocked(&movedError{taken.Holder})
			return nil
		}
		if err != nil && c.err == nil {
			c.due = now.Add(d.cfg.Beat)
			return err
		}
		return nil
	})
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // structs of ours
	}
	return b
}
