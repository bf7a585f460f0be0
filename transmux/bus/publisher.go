package bus

import (
	"time"

	"millrace/transmux/av"
)

// PublisherInfo says who publishes, in words for people.
type PublisherInfo struct {
	Protocol string // "rtmp", "whip", "rtsp"
	Remote   string // the peer's address and port
	Encoder  string // what the peer calls itself, if it does
	// Refreshes is true of a publisher that makes a keyframe when it is asked for one.
	Refreshes bool
	// Epoch tells this publication from earlier and later ones of the name within
	// a cluster; see Origin.
	Epoch uint64
}

// startPTS is where a stream's timeline begins: above zero, so that a second
// track whose first frame is a little older does not go below it.
const startPTS = time.Second

// Publisher writes one generation of a stream. Its methods are called by one
// goroutine at a time, but for Close and Done.
type Publisher struct {
	hub    *Hub
	stream *Stream
	gen    uint32
	mirror bool // it copies another node's stream

	requests chan struct{}
	over     chan struct{} // closed at the end, whatever the cause
	done     chan struct{}
	cause    error // set before done is closed

	// Guarded by stream.mu:
	lastWrite time.Time     // the start counts as a write
	offset    time.Duration // onto the stream's timeline
	floor     time.Duration // viewers have seen the timeline up to here
	anchored  bool
	closed    bool
}

// Stream is the stream that the publisher writes.
func (p *Publisher) Stream() *Stream { return p.stream }

// Done is closed when the bus ends the publisher: taken over, or shut down.
func (p *Publisher) Done() <-chan struct{} { return p.done }

// Err is the cause once Done is closed: ErrTakenOver or ErrShutdown.
func (p *Publisher) Err() error {
	select {
	case <-p.done:
		return p.cause
	default:
		return nil
	}
}

// Over is closed when the publication has ended, by whomever.
func (p *Publisher) Over() <-chan struct{} { return p.over }

// KeyframeRequests receives when a viewer needs a keyframe, coalesced to one in
// half a second. A publisher that cannot ask its encoder need not read it.
func (p *Publisher) KeyframeRequests() <-chan struct{} { return p.requests }

// SetEncoder says what the peer calls itself, once that is known.
func (p *Publisher) SetEncoder(name string) {
	p.stream.mu.Lock()
	defer p.stream.mu.Unlock()
	if !p.closed {
		p.stream.info.Encoder = name
	}
}

// SetTrack announces a track (ID zero) or describes one anew, and returns the
// immutable track to put into frames.
func (p *Publisher) SetTrack(t av.Track) *av.Track {
	s := p.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	track := &t
	if track.ID == 0 {
		s.nextID++
		track.ID = s.nextID
	}
	if !p.closed {
		c := s.catalog.Load()
		if state := c.state(track.ID); state != nil && state.marked != nil {
			track.Reordered = true
		}
		s.setCatalogLocked(c.with(track))
	}
	return track
}

// markLocked keeps the catalog true about the order of the track's frames: it
// describes the track anew at the first B-frame, and has frames that still carry
// the old description carry that one. A publisher's encoder that made B-frames
// once is taken to go on with it.
func (p *Publisher) markLocked(f *av.Frame, state *trackState) {
	if f.Type == av.Bidirectional && state.marked == nil && !f.Track.Reordered {
		marked := *f.Track
		marked.Reordered = true
		state.unmarked, state.marked = f.Track, &marked
		p.stream.setCatalogLocked(p.stream.catalog.Load().with(&marked))
	}
	if state.unmarked == f.Track {
		f.Track = state.marked
	}
}

// Write appends one access unit to the stream. It never blocks on a reader and
// never fails; a frame of a publisher that is over, or of a track that it did
// not announce, is let go. The frame must not be touched afterwards.
func (p *Publisher) Write(f *av.Frame) {
	s := p.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.closed {
		return
	}
	state := s.catalog.Load().state(f.Track.ID)
	if state == nil {
		return
	}
	if f.Arrived.IsZero() {
		f.Arrived = time.Now()
	}
	if !p.anchored {
		p.anchorLocked(f)
	}
	if low := min(f.PTS, f.DTS) + p.offset; low < p.floor {
		p.offset += p.floor - low // a second track that begins before the first did
	}
	p.markLocked(f, state)
	p.lastWrite = f.Arrived
	f.Generation, f.Origin = p.gen, s.head.Load()
	f.DTS += p.offset
	f.PTS += p.offset
	s.followClock(f)
	s.appendLocked(f, state)
	s.newest.Store(f)
	p.observe(f, state)
}

// anchorStep is between a publisher's last frame and the next one's first.
const anchorStep = 20 * time.Millisecond

// anchorLocked lays the publisher's clock onto the stream's timeline: at the
// wall clock's distance from the stream's beginning, and never before what the
// last publisher reached.
func (p *Publisher) anchorLocked(f *av.Frame) {
	s := p.stream
	p.anchored = true
	if s.epoch.IsZero() {
		s.epoch = f.Arrived.Add(-startPTS)
		s.anchor.Store(s.epoch.UnixNano())
	}
	p.floor = s.lastPTS + anchorStep
	at := max(f.Arrived.Sub(s.epoch), p.floor)
	p.offset = at - f.DTS
	s.anchor.Store(f.Arrived.UnixNano() - int64(at))
}

// clockLeak is how fast Wall follows an encoder whose clock is slower than
// ours: a frame that comes late moves it by a 2048th of its lateness.
const clockLeak = 2048

// followClock keeps the anchor at the least delay seen, leaking upwards: a
// frame can only come late, never early.
func (s *Stream) followClock(f *av.Frame) {
	anchor := s.anchor.Load()
	late := f.Arrived.UnixNano() - int64(f.DTS) - anchor
	if late > 0 {
		late /= clockLeak
	}
	s.anchor.Store(anchor + late)
}

// Close ends the publication. The stream lingers for a publisher that comes back.
func (p *Publisher) Close() { p.hub.retire(p, nil) }

// endLocked stops the publisher's writes; the caller holds stream.mu.
func (p *Publisher) endLocked(cause error) {
	if p.closed {
		return
	}
	p.closed = true
	close(p.over)
	if cause != nil {
		p.cause = cause
		close(p.done)
	}
	p.stream.publisher = nil
	p.stream.keyframes.upstream.Store(nil)
}

// Silent says whether the publisher has written nothing for so long that another
// one may take its name.
func (p *Publisher) Silent() bool {
	p.stream.mu.Lock()
	defer p.stream.mu.Unlock()
	return time.Since(p.lastWrite) >= p.stream.cfg.Silence
}

// Evict ends a publisher with ErrTakenOver: the name is published on another node
// now. The stream lingers for that.
func (p *Publisher) Evict() {
	p.hub.retire(p, ErrTakenOver)
}
