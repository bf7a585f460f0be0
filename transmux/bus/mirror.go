package bus

import (
	"reflect"
	"time"

	"millrace/transmux/av"
)

// Origin is the place of a stream's numbers within the whole cluster. Where the
// stream is published it has an epoch only; a mirror's own numbers are those of the
// origin plus these. Within one epoch the sums never change, so that whoever takes
// them off again finds the same numbers at every node.
type Origin struct {
	// Epoch tells publications of one name apart, wherever they are made. A later
	// one has a greater epoch.
	Epoch uint64
	// Shift is added to PTS and DTS, IDs to the tracks' IDs, and Generations to the
	// generation.
	Shift       time.Duration
	IDs         av.TrackID
	Generations uint32
}

// Edition is the catalog of a stream as its origin numbers it.
type Edition struct {
	Epoch      uint64
	Generation uint32
	Live       bool
	Publisher  PublisherInfo
	Tracks     []av.Track
	// Start is the least timestamp of the frames that will come.
	Start time.Duration
}

// Mirror writes a copy of another node's stream: the same tracks, the same
// generations, the same timeline. It is a publisher that yields to every other.
// Its methods are called by one goroutine at a time, but for Done, Err,
// KeyframeRequests and Stream.
type Mirror struct {
	pub *Publisher

	// Guarded by stream.mu:
	begun    bool // an Edition was set
	origin   Origin
	anchored bool                  // origin.Shift is known
	start    time.Duration         // of the Edition that began the epoch
	last     map[av.TrackID]uint64 // the newest frame's Origin, by the local ID
}

// Mirror begins to copy a stream, which is not live before the first Edition. It
// gives ErrBadName, ErrNameTaken or ErrShutdown. A later Publish of the name takes
// it over.
func (h *Hub) Mirror(name string) (*Mirror, error) {
	p, err := h.publish(name, PublisherInfo{Protocol: "relay"}, true)
	if err != nil {
		return nil, err
	}
	return &Mirror{pub: p, last: make(map[av.TrackID]uint64)}, nil
}

// Stream is the stream that is written.
func (m *Mirror) Stream() *Stream { return m.pub.stream }

// Done is closed when the bus ends the mirror: taken over by a publisher, or shut down.
func (m *Mirror) Done() <-chan struct{} { return m.pub.done }

// Err is the cause once Done is closed: ErrTakenOver or ErrShutdown.
func (m *Mirror) Err() error { return m.pub.Err() }

// KeyframeRequests is Publisher.KeyframeRequests.
func (m *Mirror) KeyframeRequests() <-chan struct{} { return m.pub.requests }

// Set makes the origin's catalog the stream's, and returns the tracks to put into
// frames, in the order of e.Tracks. An Edition of an older epoch, or of an older
// generation of the same, changes nothing; the tracks are nil then.
func (m *Mirror) Set(e Edition) []*av.Track {
	p, s := m.pub, m.pub.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.catalog.Load()
	if p.closed || m.begun && (e.Epoch < m.origin.Epoch ||
		e.Epoch == m.origin.Epoch && e.Generation+m.origin.Generations < old.Generation) {
		return nil
	}
	if !m.begun || e.Epoch != m.origin.Epoch {
		m.enterLocked(e, old)
	}
	next := &Catalog{Generation: e.Generation + m.origin.Generations, Live: e.Live, Origin: m.origin}
	tracks := make([]*av.Track, len(e.Tracks))
	for i := range e.Tracks {
		t := m.localLocked(e.Tracks[i])
		s.nextID = max(s.nextID, t.ID)
		state := newTrackState(t)
		if known := old.state(t.ID); known != nil && old.Generation == next.Generation {
			state = known
		}
		tracks[i] = t
		next.Tracks, next.states = append(next.Tracks, t), append(next.states, state)
	}
	p.gen = next.Generation
	s.info = e.Publisher
	s.refreshes.Store(e.Publisher.Refreshes)
	s.setCatalogLocked(next)
	return tracks
}

// enterLocked finds the sums for a new epoch: none where nobody has seen any other
// numbers, else such that everything goes on after what there was.
func (m *Mirror) enterLocked(e Edition, old *Catalog) {
	s := m.pub.stream
	fresh := !m.begun && s.nextID == 0 && s.head.Load() == 0
	m.begun, m.anchored, m.start = true, fresh, e.Start
	m.origin = Origin{Epoch: e.Epoch}
	clear(m.last)
	switch {
	case fresh:
	case old.Origin.Epoch == e.Epoch && e.Epoch != 0: // this takes up where another mirror left
		m.origin, m.anchored = old.Origin, true
		m.resumeLocked()
	default:
		m.origin.IDs = s.nextID
		m.origin.Generations = old.Generation + 1 - e.Generation // may wrap; so does the sum
	}
}

// resumeLocked finds in the ring what of the epoch has been written before.
func (m *Mirror) resumeLocked() {
	s := m.pub.stream
	r := s.ring.Load()
	for seq := s.tail; seq < s.head.Load(); seq++ {
		if f := r.at(seq); f != nil {
			m.last[f.Track.ID] = max(m.last[f.Track.ID], f.Origin)
		}
	}
}

// Describe is the local description of one of the origin's tracks as some frames
// still have it, though the catalog has a newer one.
func (m *Mirror) Describe(t av.Track) *av.Track {
	m.pub.stream.mu.Lock()
	defer m.pub.stream.mu.Unlock()
	return m.localLocked(t)
}

// localLocked is the local description of an origin's track: the very one of the
// catalog if it says the same, so that nobody sees a change where there is none.
func (m *Mirror) localLocked(t av.Track) *av.Track {
	t.ID += m.origin.IDs
	if t.DerivedFrom != 0 {
		t.DerivedFrom += m.origin.IDs
	}
	if known := m.pub.stream.catalog.Load().Track(t.ID); known != nil && reflect.DeepEqual(known, &t) {
		return known
	}
	return &t
}

// Write appends a frame with the origin's numbers: Origin, Generation, PTS and DTS;
// its Track is one that Set or Describe returned. It is false of one that is not
// written: that was written before, belongs to another generation or to a track
// that the catalog does not have, or came after the end. The frame must not be
// touched afterwards.
func (m *Mirror) Write(f *av.Frame) bool {
	p, s := m.pub, m.pub.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.closed || !m.begun || f.Generation+m.origin.Generations != p.gen {
		return false
	}
	state := s.catalog.Load().state(f.Track.ID)
	if last, seen := m.last[f.Track.ID]; state == nil || seen && f.Origin <= last {
		return false
	}
	if f.Arrived.IsZero() {
		f.Arrived = time.Now()
	}
	if s.epoch.IsZero() { // the timeline is the origin's
		s.epoch = f.Arrived.Add(-f.DTS)
		s.anchor.Store(s.epoch.UnixNano())
	}
	if !m.anchored {
		m.anchorLocked(f)
	}
	m.last[f.Track.ID] = f.Origin
	p.lastWrite = time.Now()
	f.Generation = p.gen
	f.DTS += m.origin.Shift
	f.PTS += m.origin.Shift
	if f.Track.DerivedFrom == 0 {
		s.followClock(f)
		s.newest.Store(f)
	}
	s.appendLocked(f, state)
	return true
}

// mirrorSkew is by how much an epoch's frames may be out of order at first: tracks
// come by ways of their own.
const mirrorSkew = 250 * time.Millisecond

// anchorLocked lays the timeline of a new epoch onto the stream's, as
// Publisher.anchorLocked does; the first frame that comes need not be the oldest.
func (m *Mirror) anchorLocked(f *av.Frame) {
	s := m.pub.stream
	m.anchored = true
	floor := s.lastPTS + anchorStep - min(m.start, min(f.DTS, f.PTS)-mirrorSkew)
	m.origin.Shift = max(f.Arrived.Sub(s.epoch)-f.DTS, floor)
	s.anchor.Store(f.Arrived.UnixNano() - int64(f.DTS+m.origin.Shift))
	c := s.catalog.Load().clone()
	c.Origin = m.origin
	s.setCatalogLocked(c)
}

// SetLive says whether the stream can be joined: a mirror that has lost its parent
// for long cannot be.
func (m *Mirror) SetLive(live bool) {
	s := m.pub.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.catalog.Load(); !m.pub.closed && m.begun && c.Live != live {
		c = c.clone()
		c.Live = live
		s.setCatalogLocked(c)
	}
}

// Close ends the copying. The stream lingers for whatever continues it, as a
// publisher's does.
func (m *Mirror) Close() { m.pub.Close() }

// End ends the stream for its viewers too, as its end at the origin does.
func (m *Mirror) End() {
	h, s := m.pub.hub, m.pub.stream
	h.mu.Lock()
	defer h.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !m.pub.closed {
		m.pub.endLocked(nil)
		h.removeLocked(s, ErrEnded)
	}
}

// EndIdle is End if nobody watches or holds the stream, and tells whether that was so.
func (m *Mirror) EndIdle() bool {
	h, s := m.pub.hub, m.pub.stream
	h.mu.Lock()
	defer h.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.pub.closed || s.users() > 0 {
		return false
	}
	m.pub.endLocked(nil)
	h.removeLocked(s, ErrEnded)
	return true
}
