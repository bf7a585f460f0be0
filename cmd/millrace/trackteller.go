package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/journal"
	"millrace/transmux/ledger"
)

// settling is how long a publisher's tracks must be the same before they are told:
// an encoder announces its tracks one by one, and what it sends of B-frames shows
// with the first of them.
const settling = 500 * time.Millisecond

// trackTeller tells the journal what publishers send, and that it has changed. It
// looks at all of them in turn: a look at one that has not changed is the reading of
// a pointer, where being told of each change would keep the writers.
type trackTeller struct {
	ledger *ledger.Ledger

	mu      sync.Mutex
	watched map[*bus.Publisher]*sent
}

// sent is what was seen of a publisher.
type sent struct {
	catalog *bus.Catalog
	news    bool // the catalog has not been looked into
	told    []journal.Track
}

func newTrackTeller(l *ledger.Ledger) *trackTeller {
	return &trackTeller{ledger: l, watched: make(map[*bus.Publisher]*sent)}
}

// watch looks at a publisher until it is over.
func (t *trackTeller) watch(p *bus.Publisher) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watched[p] = &sent{}
}

// run looks until ctx ends.
func (t *trackTeller) run(ctx context.Context) error {
	ticks := time.NewTicker(settling)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			t.look()
		case <-ctx.Done():
			return nil
		}
	}
}

func (t *trackTeller) look() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, s := range t.watched {
		select {
		case <-p.Over():
			delete(t.watched, p)
			continue
		default:
		}
		switch c := p.Stream().Catalog(); {
		case c != s.catalog:
			s.catalog, s.news = c, true
		case s.news:
			s.news = t.tell(p.Stream().Name(), s)
		}
	}
}

// tell says whether it has to be tried again.
func (t *trackTeller) tell(stream string, s *sent) (again bool) {
	tracks := described(s.catalog.Tracks)
	if slices.Equal(tracks, s.told) {
		return false
	}
	if !t.ledger.Describe(stream, tracks) {
		return true // the gate has not entered it yet
	}
	s.told = tracks
	return false
}

// described are the publisher's own tracks as the journal has them.
func described(tracks []*av.Track) []journal.Track {
	var list []journal.Track
	for _, t := range tracks {
		if t.DerivedFrom != 0 {
			continue
		}
		list = append(list, journal.Track{
			Kind: t.Kind.String(), Codec: t.Codec.String(), Profile: t.Profile, Rendition: t.Rendition,
			Width: t.Width, Height: t.Height, BFrames: t.Reordered, SampleRate: t.SampleRate, Channels: t.Channels,
		})
	}
	return list
}
