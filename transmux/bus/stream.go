package bus

import (
	"sync"
	"sync/atomic"
	"time"

	"millrace/transmux/av"
)

// Stream is one name's ring of frames. It outlives its publishers: the next one
// within Config.Linger continues it as a new generation.
type Stream struct {
	name   string
	cfg    Config
	totals *totals

	// Read without a lock. head is the sequence number of the next frame; it is
	// stored after the ring and the frame's slot.
	ring    atomic.Pointer[ring]
	head    atomic.Uint64
	catalog atomic.Pointer[Catalog]
	end     atomic.Pointer[error]
	newest  atomic.Pointer[av.Frame] // the publisher's; derived ones come late
	// anchor is the wall clock in nanoseconds at PTS 0; see Wall.
	anchor      atomic.Int64
	subscribers atomic.Int64
	holds       atomic.Int64 // see Hub.Hold
	refreshes   atomic.Bool  // the publisher makes keyframes when asked

	keyframes keyframeRequests

	mu        sync.Mutex
	publisher *Publisher // nil while lingering
	tail      uint64
	bytes     int
	nextID    av.TrackID
	lastPTS   time.Duration // the furthest so far, over all generations
	epoch     time.Time     // when PTS was 0
	info      PublisherInfo // of the last publisher
	since     time.Time
	changed   bell
	announced bell
	frames    uint64
	drops     atomic.Uint64
}

func newStream(name string, cfg Config, totals *totals) *Stream {
	s := &Stream{name: name, cfg: cfg, totals: totals}
	s.ring.Store(newRing(min(firstSlots, cfg.MaxFrames)))
	s.catalog.Store(&Catalog{})
	return s
}

// Name is the stream's name.
func (s *Stream) Name() string { return s.name }

// Catalog says what the stream is made of now.
func (s *Stream) Catalog() *Catalog { return s.catalog.Load() }

// Err is nil while the stream lives, then ErrEnded or ErrShutdown.
func (s *Stream) Err() error {
	if err := s.end.Load(); err != nil {
		return *err
	}
	return nil
}

// Changed returns a channel that is closed at the next frame, change of catalog
// or end. Take it before looking, then wait on it: what came in between is not lost.
func (s *Stream) Changed() <-chan struct{} { return s.listen(&s.changed) }

// Notify has what Changed tells put into a channel that has room for one, again and
// again until stop is called, and once at first: for who would otherwise take a new
// channel with every frame.
func (s *Stream) Notify(to chan<- struct{}) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.wire(to)
	select {
	case to <- struct{}{}:
	default:
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changed.cut(to)
	}
}

// Announced is Changed for those who only look at the catalog: the channel is
// closed at its next change, or at the end.
func (s *Stream) Announced() <-chan struct{} { return s.listen(&s.announced) }

// listen waits for one of the stream's bells; the end rings both, for good.
func (s *Stream) listen(b *bell) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end.Load() != nil {
		over := make(chan struct{})
		close(over)
		return over
	}
	return b.hear()
}

// Wall is the wall clock at which a frame of that PTS came, or would have come,
// without the jitter of its way here. It is one line for all tracks of the
// stream, so that sender reports keep them in step.
func (s *Stream) Wall(pts time.Duration) time.Time {
	return time.Unix(0, s.anchor.Load()+int64(pts))
}

// Live is where on the stream's timeline the live edge is at that wall clock; it
// is Wall's inverse.
func (s *Stream) Live(now time.Time) time.Duration {
	return time.Duration(now.UnixNano() - s.anchor.Load())
}

// edgeGap is how long after the newest frame the live edge may be without one: a
// frame or two of a slow camera. A publisher that stalls stops the edge.
const edgeGap = 100 * time.Millisecond

// Edge is Live, but never beyond what the newest frame makes credible: where a
// viewer that joins now is to arrive.
func (s *Stream) Edge(now time.Time) time.Duration {
	live, newest := s.Live(now), s.newest.Load()
	if newest == nil {
		return live
	}
	return min(live, newest.DTS+min(max(now.Sub(newest.Arrived), 0), edgeGap))
}

// RequestKeyframe asks the publisher for a keyframe, at most once in
// keyframeInterval whoever asks.
func (s *Stream) RequestKeyframe() {
	if s.keyframes.request(time.Now()) {
		s.totals.keyframeRequests.Add(1)
	}
}

// still is true of a stream that has brought nothing for restartWithin.
func (s *Stream) still(now time.Time) bool {
	head := s.head.Load()
	if head == 0 {
		return true
	}
	newest := s.ring.Load().at(head - 1)
	return newest == nil || now.Sub(newest.Arrived) > restartWithin
}

// Frame is the frame of that sequence number, nil once it has left the ring.
func (s *Stream) Frame(seq uint64) *av.Frame { return s.ring.Load().at(seq) }

func (s *Stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wakeLocked()
}

func (s *Stream) wakeLocked() {
	s.changed.ring()
}

// appendLocked puts a frame at the head of the ring and lets go of what is too old.
func (s *Stream) appendLocked(f *av.Frame, state *trackState) {
	r, head := s.ring.Load(), s.head.Load()
	if head-s.tail == uint64(len(r.slots)) {
		if len(r.slots) < s.cfg.MaxFrames {
			r = r.grown(s.tail, head, s.cfg.MaxFrames)
			s.ring.Store(r)
		} else {
			s.evictLocked(r)
		}
	}
	f.Seq = head
	r.slot(head).Store(f)
	if state.video && f.Type == av.Key {
		state.newestKey.Store(head)
	}
	s.head.Store(head + 1)

	s.lastPTS = max(s.lastPTS, f.PTS)
	size := f.Size()
	s.bytes += size
	s.frames++
	s.totals.frames.Add(1)
	s.totals.bytes.Add(uint64(size))
	state.meter.add(f, size)
	s.trimLocked(r, f.Arrived)
	s.wakeLocked()
}

// videoPaused is how long a video track has had no frame when its last GOP is no
// longer kept: somebody who joins then is better off without a picture than with
// an old one, and the sound that goes on is not piled up behind it.
const videoPaused = 10 * time.Second

// trimLocked keeps the newest GOP of every video track and Config.History
// before it, and both bounds whatever that costs.
func (s *Stream) trimLocked(r *ring, now time.Time) {
	head := s.head.Load()
	keep := head
	for _, state := range s.catalog.Load().states {
		if key := state.newestKey.Load(); key != noKey && now.Sub(state.meter.last) < videoPaused {
			keep = min(keep, key)
		}
	}
	for s.tail < head {
		if s.bytes <= s.cfg.MaxBytes || s.tail == head-1 {
			if s.tail >= keep || now.Sub(r.slot(s.tail).Load().Arrived) < s.cfg.History {
				return
			}
		}
		s.evictLocked(r)
	}
}

func (s *Stream) evictLocked(r *ring) {
	slot := r.slot(s.tail)
	f := slot.Load()
	slot.Store(nil)
	s.tail++
	s.bytes -= f.Size()
	if f.Type == av.Key {
		if state := s.catalog.Load().state(f.Track.ID); state != nil {
			state.newestKey.CompareAndSwap(f.Seq, noKey)
		}
	}
}

func (s *Stream) setCatalogLocked(c *Catalog) {
	s.catalog.Store(c)
	s.wakeLocked()
	s.announceLocked()
}

func (s *Stream) endLocked(err error) {
	if s.end.CompareAndSwap(nil, &err) {
		s.wakeLocked()
		s.announceLocked()
	}
}

func (s *Stream) announceLocked() {
	s.announced.ring()
}
