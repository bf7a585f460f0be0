package directory

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// maxRemembered bounds the places that are kept for nobody but the day on which
// the directory cannot be reached: 16 Ki of them are some megabytes.
const maxRemembered = 16 << 10

// places is what this node knows of where streams come from.
type places struct {
	known map[string]*spot
	// watched counts the spots with watchers.
	watched int
}

// spot is one stream's place, as the store has it.
type spot struct {
	place    Place
	offer    Place // who can begin it, as it was told last
	revision uint64
	read     bool // the store has been asked, and has answered
	stale    bool // it is to be asked again
	watchers map[*watcher]struct{}
	unfollow func()
	looking  bool      // for the node that the place names
	hinted   time.Time // when the place was told that the store has yet to hold
}

// watcher is one call of Watch.
type watcher struct {
	c    chan Place
	told Place
	any  bool // something was told
}

func newPlaces() places { return places{known: make(map[string]*spot)} }

// spot is the stream's, made if it must be.
func (p *places) spot(stream string) *spot {
	s := p.known[stream]
	if s == nil {
		p.forget()
		s = &spot{place: Place{Stream: stream}, watchers: map[*watcher]struct{}{}}
		p.known[stream] = s
	}
	return s
}

// forget makes room: whichever the map gives first.
func (p *places) forget() {
	for stream, s := range p.known {
		if len(p.known)-p.watched < maxRemembered {
			return
		}
		if len(s.watchers) == 0 {
			delete(p.known, stream)
		}
	}
}

// Watch tells where a stream comes from: first what is known, then every change.
// The channel holds the newest only, and is never closed. The place of a stream
// that nobody originates is not Live. stop ends it and may wait for the network
// no longer than a message takes to be written.
func (d *Directory) Watch(stream string) (places <-chan Place, stop func()) {
	w := &watcher{c: make(chan Place, 1)}
	d.mu.Lock()
	s := d.places.spot(stream)
	first := len(s.watchers) == 0
	s.watchers[w] = struct{}{}
	if first {
		d.places.watched++
	} else if s.read {
		d.tellLocked(s, w)
	}
	d.mu.Unlock()
	if first {
		d.async(func(ctx context.Context) { d.follow(ctx, stream, s) })
	}
	return w.c, func() { d.unwatch(s, w) }
}

// follow subscribes to a stream's changes before it reads the place, so that no
// change is in between.
func (d *Directory) follow(ctx context.Context, stream string, s *spot) {
	stop, err := d.store.Follow(kindClaim, stream, func(e Entry) { d.learn(stream, e, false) })
	d.mu.Lock()
	switch {
	case err != nil:
		s.stale = true // Serve tries again
	case len(s.watchers) == 0 || s.unfollow != nil:
		defer stop()
	default:
		s.unfollow = stop
	}
	d.mu.Unlock()
	_ = d.refresh(ctx, stream) // what failed is stale, and asked for again
}

func (d *Directory) unwatch(s *spot, w *watcher) {
	d.mu.Lock()
	var stop func()
	if _, there := s.watchers[w]; there {
		delete(s.watchers, w)
		if len(s.watchers) == 0 {
			d.places.watched--
			stop, s.unfollow = s.unfollow, nil
		}
	}
	d.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// Locate finds the node that originates a stream, or gives ErrUnknown. It asks
// the store, unless the stream is watched; when that does not answer it tells
// what it knew last, and ErrUnreachable if that is nothing.
func (d *Directory) Locate(ctx context.Context, stream string) (Place, error) {
	d.mu.Lock()
	s := d.places.known[stream]
	fresh := s != nil && s.read && !s.stale && s.unfollow != nil
	d.mu.Unlock()
	var asked error
	if !fresh {
		asked = d.find(ctx, stream)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if s = d.places.known[stream]; s != nil {
		if p := d.liveLocked(s.place); p.Live() {
			return p, nil
		}
	}
	if asked != nil {
		return Place{Stream: stream}, wrap(asked)
	}
	return Place{Stream: stream}, wrap(ErrUnknown)
}

// find reads a stream's place for somebody who waits: if the store takes too long,
// the nodes themselves are asked.
func (d *Directory) find(ctx context.Context, stream string) error {
	once, cancel := context.WithTimeout(ctx, d.cfg.Beat/2)
	defer cancel()
	err := d.refresh(once, stream)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if d.inquire(ctx, stream) == nil {
		return nil
	}
	return err
}

// refresh reads a stream's place, and the node that it names if that is new.
func (d *Directory) refresh(ctx context.Context, stream string) error {
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	e, err := d.store.Get(ctx, kindClaim, stream)
	if err != nil {
		d.mu.Lock()
		if s := d.places.known[stream]; s != nil {
			s.stale = true
		}
		d.mu.Unlock()
		return err
	}
	if missing := d.learn(stream, e, true); missing != "" {
		d.lookUp(ctx, missing)
	}
	return nil
}

// learn takes in what a key holds; asked is true of an answer to a question of
// ours. It returns the id of the node named that is not known yet.
func (d *Directory) learn(stream string, e Entry, asked bool) (missing string) {
	next := Place{Stream: stream}
	if e.Value != nil {
		var p Place
		if json.Unmarshal(e.Value, &p) != nil || p.Stream != stream {
			return "" // not ours
		}
		next = p
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.places.known[stream]
	if s == nil && !asked {
		return ""
	}
	s = d.places.spot(stream)
	hint := e.Revision == 0 && e.Value != nil
	switch {
	case hint && next.Generation <= s.place.Generation, !hint && e.Revision < s.revision:
		return "" // older than what is known
	case hint:
		s.hinted = time.Now()
		e.Revision = s.revision
	case next.Generation < s.place.Generation && time.Since(s.hinted) < graceBeats*d.cfg.Beat:
		s.stale = true // what was hinted has yet to be written
		return ""
	}
	s.read = true
	if e.Value == nil && s.place.Live() && time.Now().Before(d.grace) {
		s.stale = true // the holder has yet to say anew that it has it
		return ""
	}
	s.stale, s.revision, s.place = hint, e.Revision, next
	if !hint {
		d.contestLocked(stream, e)
	}
	if next.Live() && d.roster.bySession[next.Session] == nil {
		if !asked && !s.looking {
			s.looking = true
			d.asyncLocked(func(ctx context.Context) { // a handler may not wait
				d.lookUp(ctx, next.Node)
				d.mu.Lock()
				s.looking = false
				d.mu.Unlock()
			})
		}
		missing = next.Node
	}
	d.retellLocked(s)
	return missing
}

// lookUp reads what a node says of itself.
func (d *Directory) lookUp(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	if e, err := d.store.Get(ctx, kindNode, id); err == nil {
		d.meet(e)
	}
}

// liveLocked is the place if its node lives.
func (d *Directory) liveLocked(p Place) Place {
	if n := d.roster.bySession[p.Session]; p.Live() && n != nil && n.ID == p.Node {
		return p
	}
	return Place{Stream: p.Stream, Generation: p.Generation}
}

// retellLocked tells a stream's watchers what changed.
func (d *Directory) retellLocked(s *spot) {
	for w := range s.watchers {
		d.tellLocked(s, w)
	}
}

// retellOfLocked is for when a node came or went.
func (d *Directory) retellOfLocked(session Session) {
	for _, s := range d.places.known {
		if s.read && s.place.Session == session {
			d.retellLocked(s)
		}
	}
}

func (d *Directory) tellLocked(s *spot, w *watcher) {
	p := d.liveLocked(s.place)
	if w.any && p == w.told {
		return
	}
	w.told, w.any = p, true
	select {
	case <-w.c: // what nobody has read is old now
	default:
	}
	w.c <- p
}

// repair asks again for what could not be read.
func (d *Directory) repair(ctx context.Context, all bool) error {
	d.mu.Lock()
	var streams []string
	unfollowed := map[string]*spot{}
	for stream, s := range d.places.known {
		if len(s.watchers) == 0 {
			continue
		}
		if s.unfollow == nil {
			unfollowed[stream] = s
		} else if s.stale || all {
			streams = append(streams, stream)
		}
	}
	d.mu.Unlock()
	for stream, s := range unfollowed {
		d.follow(ctx, stream, s)
	}
	return each(streams, func(stream string) error {
		err := d.refresh(ctx, stream)
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	})
}
