package bus

import (
	"cmp"
	"slices"
	"time"

	"millrace/transmux/av"
)

// Snapshot is what can be said of a stream at one moment.
type Snapshot struct {
	Name       string
	Live       bool // false while it waits for its publisher to come back
	Generation uint32
	Since      time.Time // when this publisher began
	Publisher  PublisherInfo
	Viewers    int
	Tracks     []TrackSnapshot

	Bytes, Frames         uint64 // of this generation's tracks; of the whole stream
	RingFrames, RingBytes int
	GOPDrops              uint64 // how often a reader was moved on to a newer keyframe, or sound to the live edge
}

// TrackSnapshot is what can be said of a track at one moment. Counters are of
// this generation; rates are over the last seconds.
type TrackSnapshot struct {
	Track                                   *av.Track
	Frames, Keyframes, Bidirectional, Bytes uint64
	FrameRate                               float64       // frames a second
	FrameRateLow, FrameRateHigh             float64       // in the leanest and the fullest of these seconds
	LongestGap                              time.Duration // between two arrivals in them
	Bitrate                                 float64       // bits a second
	// KeyframeInterval is the last distance between keyframes, or the age of
	// the newest where that is longer; zero while unknown.
	KeyframeInterval time.Duration
	BShare           float64 // of the frames, 0 to 1
	LastFrame        time.Time
}

// Totals count over all streams that ever were.
type Totals struct {
	Publishers, Subscribers, Frames, Bytes, GOPDrops, KeyframeRequests uint64
}

// Streams are snapshots of all streams, by name.
func (h *Hub) Streams() []Snapshot {
	h.mu.RLock()
	streams := make([]*Stream, 0, len(h.streams))
	for _, s := range h.streams {
		streams = append(streams, s)
	}
	h.mu.RUnlock()
	slices.SortFunc(streams, func(a, b *Stream) int { return cmp.Compare(a.name, b.name) })
	snaps := make([]Snapshot, len(streams))
	for i, s := range streams {
		snaps[i] = s.Snapshot()
	}
	return snaps
}

// Stream is the snapshot of one stream, false if there is none of that name.
func (h *Hub) Stream(name string) (Snapshot, bool) {
	h.mu.RLock()
	s := h.streams[name]
	h.mu.RUnlock()
	if s == nil {
		return Snapshot{}, false
	}
	return s.Snapshot(), true
}

// Totals reads the Hub's counters.
func (h *Hub) Totals() Totals {
	t := &h.totals
	return Totals{
		Publishers: t.publishers.Load(), Subscribers: t.subscribers.Load(),
		Frames: t.frames.Load(), Bytes: t.bytes.Load(),
		GOPDrops: t.gopDrops.Load(), KeyframeRequests: t.keyframeRequests.Load(),
	}
}

// Snapshot says what the stream is now.
func (s *Stream) Snapshot() Snapshot {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.catalog.Load()
	snap := Snapshot{
		Name: s.name, Live: c.Live, Generation: c.Generation, Since: s.since,
		Publisher: s.info, Viewers: int(s.subscribers.Load()), Frames: s.frames,
		RingFrames: int(s.head.Load() - s.tail), RingBytes: s.bytes, GOPDrops: s.drops.Load(),
		Tracks: make([]TrackSnapshot, len(c.Tracks)),
	}
	for i, t := range c.Tracks {
		snap.Tracks[i] = c.states[i].meter.snapshot(t, now)
		snap.Bytes += snap.Tracks[i].Bytes
	}
	return snap
}
