package bus

import (
	"slices"
	"sync/atomic"

	"millrace/transmux/av"
)

// Catalog says what a stream is made of at one moment. It is immutable; a
// change is a new Catalog.
type Catalog struct {
	// Generation counts the stream's publishers, from 1.
	Generation uint32
	// Live is false while the stream waits for its publisher to come back.
	Live bool
	// Tracks are the publisher's own first, in the order they were announced,
	// then the derived ones.
	Tracks []*av.Track
	// Origin is where the stream stands in a cluster.
	Origin Origin

	states []*trackState // one for each of Tracks
}

// trackState is what the stream remembers of a track over its configurations.
type trackState struct {
	id    av.TrackID
	video bool
	// newestKey is the sequence number of the newest keyframe in the ring, or noKey.
	newestKey atomic.Uint64

	// Guarded by Stream.mu:
	meter meter
	// Since the publisher's first B-frame: what it takes the track for, and what
	// the catalog says that it is.
	unmarked, marked *av.Track
}

const noKey = ^uint64(0)

func newTrackState(t *av.Track) *trackState {
	s := &trackState{id: t.ID, video: t.Kind == av.Video}
	s.newestKey.Store(noKey)
	return s
}

// Track returns the track with that ID, or nil.
func (c *Catalog) Track(id av.TrackID) *av.Track {
	if i := c.index(id); i >= 0 {
		return c.Tracks[i]
	}
	return nil
}

func (c *Catalog) index(id av.TrackID) int {
	return slices.IndexFunc(c.Tracks, func(t *av.Track) bool { return t.ID == id })
}

func (c *Catalog) state(id av.TrackID) *trackState {
	if i := c.index(id); i >= 0 {
		return c.states[i]
	}
	return nil
}

// with is the catalog with t added, or in the place of the track it describes anew.
func (c *Catalog) with(t *av.Track) *Catalog {
	next := c.clone()
	if i := c.index(t.ID); i >= 0 {
		next.Tracks[i] = t
		return next
	}
	at := len(next.Tracks)
	if i := slices.IndexFunc(next.Tracks, isDerived); i >= 0 && !isDerived(t) {
		at = i
	}
	next.Tracks = slices.Insert(next.Tracks, at, t)
	next.states = slices.Insert(next.states, at, newTrackState(t))
	return next
}

func isDerived(t *av.Track) bool { return t.DerivedFrom != 0 }

func (c *Catalog) without(id av.TrackID) *Catalog {
	next := c.clone()
	if i := c.index(id); i >= 0 {
		next.Tracks = slices.Delete(next.Tracks, i, i+1)
		next.states = slices.Delete(next.states, i, i+1)
	}
	return next
}

func (c *Catalog) clone() *Catalog {
	return &Catalog{
		Generation: c.Generation, Live: c.Live, Origin: c.Origin,
		Tracks: slices.Clone(c.Tracks), states: slices.Clone(c.states),
	}
}
