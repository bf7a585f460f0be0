package directory

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"time"
)

// Serve takes part in the directory until ctx ends; then it tells the others that
// this node is gone. It gives ErrNameInUse if there is another node of this id
// when it begins.
func (d *Directory) Serve(ctx context.Context) error {
	defer d.Close()
	unsubscribe, err := d.subscribe()
	if err != nil {
		return wrap(err)
	}
	defer unsubscribe()
	defer d.farewell() // while the others may still ask

	fatal := make(chan error, 1)
	ticks := time.NewTicker(d.cfg.Beat)
	defer ticks.Stop()
	var beats func() // ends the clerk's subscription
	defer func() {
		if beats != nil {
			beats()
		}
	}()
	for {
		changed := d.store.Changed()
		d.follows(fatal)
		d.mu.Lock()
		mine := d.clerk.mine
		d.mu.Unlock()
		if mine && beats == nil {
			if beats, err = d.store.Subscribe(beatSubject, d.onBeat); err != nil {
				beats = nil // with the next beat, then
			}
		} else if !mine && beats != nil {
			beats()
			beats = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-fatal:
			return wrap(err)
		case <-changed:
		case <-d.kick:
		case <-ticks.C:
			d.tick()
		}
	}
}

// Close ends what runs behind the calls. Serve does so itself.
func (d *Directory) Close() {
	d.hush()
	d.mu.Lock()
	var stops []func()
	for _, s := range d.places.known {
		if s.unfollow != nil {
			stops = append(stops, s.unfollow)
			s.unfollow = nil
		}
	}
	d.mu.Unlock()
	for _, stop := range stops {
		stop()
	}
}

// hush ends what runs behind the calls, and lets nothing begin.
func (d *Directory) hush() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.stop()
	d.wg.Wait()
}

// subscribe listens to everything that a node listens to.
func (d *Directory) subscribe() (unsubscribe func(), err error) {
	var stops []func()
	unsubscribe = func() {
		for _, stop := range stops {
			stop()
		}
	}
	for _, begin := range []func() (func(), error){
		func() (func(), error) { return d.store.Subscribe(askSubject(d.self.Session), d.answer) },
		func() (func(), error) { return d.store.Subscribe(whereSubject, d.testify) },
		func() (func(), error) { return d.store.Subscribe(rollSubject, d.onRoll) },
		func() (func(), error) { return d.store.Follow(kindNode, "", d.meet) },
		func() (func(), error) { return d.store.Follow(kindClerk, clerkName, d.learnClerk) },
	} {
		stop, err := begin()
		if err != nil {
			unsubscribe()
			return nil, err
		}
		stops = append(stops, stop)
	}
	return unsubscribe, nil
}

// follows gets in step with the store if it is not, behind Serve's back.
func (d *Directory) follows(fatal chan<- error) {
	epoch, cause := d.store.Online()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.healthLocked(cause)
	if cause != nil || d.step.epoch == epoch || d.step.running || time.Now().Before(d.step.next) {
		return
	}
	first := !d.step.joined
	d.step.running = true
	d.asyncLocked(func(ctx context.Context) {
		err := d.sync(ctx, epoch)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.step.running = false
		switch {
		case err == nil:
			d.step.wait, d.step.next = 0, time.Time{}
			d.clerk.roll = time.Now().Add(-graceBeats * d.cfg.Beat / 2) // who keeps the list shows soon
		case errors.Is(err, ErrNameInUse) && first:
			select {
			case fatal <- err:
			default: // Serve has yet to hear of the last time
			}
		case ctx.Err() == nil:
			d.step.wait = min(mostWait, max(firstWait, 2*d.step.wait))
			d.step.next = time.Now().Add(d.step.wait/2 + rand.N(d.step.wait/2))
			d.log.Warn("directory: not in step yet", "cause", err, "again_in", time.Until(d.step.next).Round(time.Millisecond))
			time.AfterFunc(time.Until(d.step.next), d.wake) // a wake too many is harmless
		}
		d.wake()
	})
}

// healthLocked notes, and logs, when the directory comes and goes.
func (d *Directory) healthLocked(cause error) {
	connected := cause == nil
	if !d.health.Since.IsZero() && connected == d.health.Connected {
		return
	}
	h := Health{Connected: connected, Since: time.Now()}
	switch {
	case connected:
		d.log.Info("directory: connected", "node", d.self.ID)
	case d.health.Since.IsZero():
		h.Cause = cause.Error()
	default:
		h.Cause = cause.Error()
		d.log.Warn("directory: cut off; what runs goes on, and what is known stays known", "node", d.self.ID, "cause", cause)
	}
	d.health = h
}

// Health says how this node stands to the directory.
func (d *Directory) Health() Health {
	_, cause := d.store.Online()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.healthLocked(cause)
	h := d.health
	h.Clerk = d.clerk.place.Node
	h.Nodes, h.Claims = len(d.roster.byID), len(d.claims)
	h.Watches = d.places.watched - len(d.claims)
	for _, c := range d.claims {
		if !c.confirmed {
			h.Unsettled++
		}
	}
	return h
}

// tick is what is done with each beat.
func (d *Directory) tick() {
	if _, cause := d.store.Online(); cause != nil {
		return
	}
	now := time.Now()
	d.mu.Lock()
	b := beat{d.self.ID, d.self.Session, d.load.Viewers, d.load.Streams, d.load.Bits, d.load.CPU}
	mine, inStep := d.clerk.mine, d.step.epoch != 0
	// Who stands in first is a matter of chance, so that not all of them do.
	silent := now.Sub(d.clerk.roll) > (leaseBeats-1)*d.cfg.Beat+rand.N(d.cfg.Beat)
	if inStep && !mine && silent && !d.clerk.seizing {
		d.clerk.seizing = true
		d.asyncLocked(d.standIn)
	}
	audit := inStep && now.After(d.step.audit)
	if audit {
		d.step.audit = now.Add(auditBeats*d.cfg.Beat + rand.N(d.cfg.Beat))
	}
	again := inStep && now.After(d.step.renewal)
	if again {
		d.step.renewal = now.Add(auditBeats * d.cfg.Beat) // unless it works, which sets a later one
	}
	graceOver := !d.grace.IsZero() && now.After(d.grace)
	if graceOver {
		d.grace = time.Time{}
	}
	d.mu.Unlock()
	_ = d.store.Publish(beatSubject, encode(b)) // the next one comes in a second
	if mine {
		d.judge()
	}
	if inStep {
		d.async(func(ctx context.Context) {
			switch {
			case again:
				_ = d.announce(ctx)
			case audit:
				d.look(ctx)
			}
			if graceOver {
				_ = d.census(ctx)
			}
			_ = d.renew(ctx, false)
			_ = d.repair(ctx, false)
		})
	}
}

// look finds out whether the store still knows us.
func (d *Directory) look(ctx context.Context) {
	e, err := d.get(ctx, kindNode, d.Self().ID)
	if err != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.Value == nil {
		d.log.Warn("directory: it has forgotten us; saying everything anew")
		d.step.epoch = 0
		d.wake()
	}
}

// farewell tells the others that this node is gone. Nothing of what this node says
// behind calls may come after it, so that ends first.
func (d *Directory) farewell() {
	d.hush()
	if _, cause := d.store.Online(); cause != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), d.cfg.Beat)
	defer cancel()
	self := d.Self()
	for range settleTries {
		e, err := d.store.Get(ctx, kindNode, self.ID)
		var said record
		if err != nil || e.Value != nil && json.Unmarshal(e.Value, &said) == nil && said.Session != self.Session {
			return // a newer process has our place already
		}
		_, err = d.store.Write(ctx, kindNode, self.ID, encode(record{Node: self, Gone: true}), e.Revision, claimTTL)
		if !errors.Is(err, ErrConflict) {
			return // the clerk finds out, if it could not be written
		}
		// Something that was on its way when we stopped has arrived since.
	}
}
