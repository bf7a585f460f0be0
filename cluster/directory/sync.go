package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// step is how this node keeps in step with the store.
type step struct {
	epoch   uint64    // of the store, that everything was said and read in; 0: none
	running bool      // it is being said and read
	next    time.Time // not before this
	wait    time.Duration
	joined  bool      // our node was ever announced
	audit   time.Time // when to look whether the store still knows us
	renewal time.Time // when to say anew who we are
}

// Back-off between attempts to get in step.
const (
	firstWait = 200 * time.Millisecond
	mostWait  = 5 * time.Second
	// auditBeats is how often a node looks whether the store still knows it: a
	// store can lose everything without a connection breaking.
	auditBeats = 5
)

// record is a node's key.
type record struct {
	Node
	Gone bool `json:"gone,omitempty"` // it left, or was struck out
}

// sync brings this node and the store in step: we say who we are, and what we
// claim; we read who the others are, and where the streams are that we watch.
func (d *Directory) sync(ctx context.Context, epoch uint64) error {
	d.mu.Lock()
	if d.step.joined {
		// Whatever is missing now may be a store that lost it.
		d.grace = time.Now().Add(graceBeats * d.cfg.Beat)
	}
	d.clerk.revision = 0
	for _, c := range d.claims {
		c.revision = 0
	}
	for _, s := range d.places.known {
		s.revision = 0
	}
	for _, p := range d.roster.byID {
		p.revision = 0
	}
	for s := range d.clerk.beats {
		d.clerk.heard(s, time.Now()) // it was we who did not hear
	}
	d.mu.Unlock()
	if err := d.announce(ctx); err != nil {
		return err
	}
	if err := d.census(ctx); err != nil {
		return err
	}
	if err := d.renew(ctx, true); err != nil {
		return err
	}
	if err := d.repair(ctx, true); err != nil {
		return err
	}
	d.readClerk(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.step.epoch = epoch
	return nil
}

// announce writes who we are. It gives ErrNameInUse if a node of our id answers
// elsewhere.
func (d *Directory) announce(ctx context.Context) error {
	for range settleTries {
		e, err := d.get(ctx, kindNode, d.Self().ID)
		if err != nil {
			return err
		}
		var other record
		if e.Value != nil && json.Unmarshal(e.Value, &other) == nil && !other.Gone && other.Session != d.Self().Session {
			if _, alive := d.question(ctx, other.Node, question{Kind: kindNode}); alive {
				return fmt.Errorf("%w: %s, begun at %s", ErrNameInUse, other.ID, other.Since.Format(time.DateTime))
			}
		}
		d.mu.Lock()
		self := d.self
		d.mu.Unlock()
		revision, err := d.write(ctx, kindNode, self.ID, encode(record{Node: self}), e.Revision)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return err
		}
		d.mu.Lock()
		d.roster.put(e.Key, self, revision)
		d.step.joined = true
		d.step.renewal = time.Now().Add(renewal())
		d.step.audit = time.Now().Add(auditBeats * d.cfg.Beat)
		d.retellOfLocked(self.Session)
		d.mu.Unlock()
		return nil
	}
	return ErrConflict
}

// census reads all nodes. Those that are missing are gone, but not while the
// store may have lost them.
func (d *Directory) census(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	all, err := d.store.List(ctx, kindNode)
	if err != nil {
		return err
	}
	there := make(map[string]bool, len(all))
	for _, e := range all {
		there[e.Key] = true
		d.meet(e)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Now().Before(d.grace) {
		return nil // Serve takes another census when it is over
	}
	for key, p := range d.roster.byKey {
		if !there[key] && p.Session != d.self.Session {
			d.partLocked(p)
		}
	}
	return nil
}

// meet takes in what a node's key holds.
func (d *Directory) meet(e Entry) {
	var r record
	if e.Value == nil || json.Unmarshal(e.Value, &r) != nil || r.ID == "" || r.Session == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	old := d.roster.byID[r.ID]
	if r.ID == d.self.ID {
		if (r.Gone || r.Session != d.self.Session) && !d.step.running && old.revision <= e.Revision {
			d.step.epoch = 0 // we were struck out, and live
			d.wake()
		}
		return
	}
	switch {
	case old != nil && old.revision > e.Revision:
	case r.Gone && (old == nil || old.Session != r.Session):
	case r.Gone:
		d.partLocked(old)
	default:
		if d.roster.put(e.Key, r.Node, e.Revision) {
			if old == nil {
				d.log.Info("directory: node joined", "node", r.ID, "region", r.Region, "role", r.Role, "version", r.Version)
			}
			d.clerk.heard(r.Session, time.Now())
			d.announceLocked()
			if old != nil && old.Session != r.Session {
				d.retellOfLocked(old.Session)
			}
			d.retellOfLocked(r.Session)
		}
	}
}

// partLocked strikes a node out of the roster: all that it originated is nowhere.
func (d *Directory) partLocked(p *peer) {
	d.log.Info("directory: node left", "node", p.ID, "region", p.Region)
	d.roster.remove(p)
	delete(d.clerk.beats, p.Session)
	d.announceLocked()
	d.retellOfLocked(p.Session)
}

// get and write give up in time.
func (d *Directory) get(ctx context.Context, kind Kind, name string) (Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	return d.store.Get(ctx, kind, name)
}

func (d *Directory) write(ctx context.Context, kind Kind, name string, value []byte, revision uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return d.store.Write(ctx, kind, name, value, revision, claimTTL)
}

// atOnce is how many operations of one node are under way at a time.
const atOnce = 16

// each does something for all of a list, some at a time, and gives the first
// error.
func each[T any](list []T, do func(T) error) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	next := make(chan T)
	for range min(atOnce, len(list)) {
		wg.Go(func() {
			for one := range next {
				if err := do(one); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
				}
			}
		})
	}
	for _, one := range list {
		next <- one
	}
	close(next)
	wg.Wait()
	return first
}
