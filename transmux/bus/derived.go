package bus

import (
	"time"

	"millrace/transmux/av"
)

// Derived writes a track made of another one into the same ring. It belongs to
// one generation of its stream.
type Derived struct {
	stream *Stream
	track  *av.Track
	gen    uint32
}

// Derive announces a derived track of the current generation; t.DerivedFrom
// names its source. When that is gone already, with its generation or its
// stream, or when the stream is another node's, what is returned is over from the start: its Write is false.
func (s *Stream) Derive(t av.Track) *Derived {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.catalog.Load()
	if s.publisher != nil && s.publisher.mirror {
		return &Derived{stream: s, track: &t, gen: c.Generation} // it is made at the origin
	}
	s.nextID++
	t.ID = s.nextID
	if c.index(t.DerivedFrom) >= 0 && s.end.Load() == nil {
		s.setCatalogLocked(c.with(&t))
	}
	return &Derived{stream: s, track: &t, gen: c.Generation}
}

// Track is the track to put into frames.
func (d *Derived) Track() *av.Track { return d.track }

// Write appends a frame whose PTS and DTS are on the stream's timeline, as its
// source frames' are. It is false once the generation is over or the track closed.
func (d *Derived) Write(f *av.Frame) bool {
	s := d.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.catalog.Load()
	state := c.state(d.track.ID)
	if state == nil || c.Generation != d.gen || s.end.Load() != nil {
		return false
	}
	if f.Arrived.IsZero() {
		f.Arrived = time.Now()
	}
	f.Generation, f.Origin = d.gen, s.head.Load()
	s.appendLocked(f, state)
	return true
}

// Close takes the track out of the catalog.
func (d *Derived) Close() {
	s := d.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.catalog.Load(); c.index(d.track.ID) >= 0 {
		s.setCatalogLocked(c.without(d.track.ID))
	}
}
