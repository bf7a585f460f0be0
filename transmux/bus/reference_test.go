package bus_test

import (
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// model says what a stream must do, on a slice that forgets nothing and without
// a thought for speed or for other goroutines.
type model struct {
	cfg    bus.Config
	frames []*av.Frame // all that ever were, by Seq
	tail   uint64      // the ring is frames[tail:]
	bytes  int         // in the ring
	tracks map[av.TrackID]*modelTrack
	drops  uint64
}

type modelTrack struct {
	track *av.Track
	gone  bool // no longer in the catalog
	last  time.Time
	keys  []uint64 // all that ever were
}

func (m *model) head() uint64 { return uint64(len(m.frames)) }

// newestKey is the newest keyframe of the track in the ring.
func (m *model) newestKey(t *modelTrack) (uint64, bool) {
	n := len(t.keys)
	if n == 0 || t.keys[n-1] < m.tail {
		return 0, false
	}
	return t.keys[n-1], true
}

func (m *model) evict() {
	m.bytes -= m.frames[m.tail].Size()
	m.tail++
}

func (m *model) write(f *av.Frame) {
	m.frames = append(m.frames, f)
	m.bytes += f.Size()
	t := m.tracks[f.Track.ID]
	t.last = f.Arrived
	if f.Type == av.Key {
		t.keys = append(t.keys, m.head()-1)
	}
	if m.head()-m.tail > uint64(m.cfg.MaxFrames) {
		m.evict()
	}
	keep := m.head()
	for _, t := range m.tracks {
		if key, ok := m.newestKey(t); ok && !t.gone && t.track.Kind == av.Video && f.Arrived.Sub(t.last) < 10*time.Second {
			keep = min(keep, key)
		}
	}
	for m.bytes > m.cfg.MaxBytes && m.tail < m.head()-1 {
		m.evict()
	}
	for m.tail < keep && f.Arrived.Sub(m.frames[m.tail].Arrived) >= m.cfg.History {
		m.evict()
	}
}

// modelCursor is what a Cursor must be.
type modelCursor struct {
	m       *model
	id      av.TrackID
	next    uint64
	waiting bool
}

func (c *modelCursor) follow(id av.TrackID) {
	if id == c.id {
		return
	}
	c.id, c.waiting = 0, false
	if t := c.m.tracks[id]; t != nil && !t.gone {
		c.id = id
		c.enter()
	}
}

func (c *modelCursor) video() bool { return c.m.tracks[c.id].track.Kind == av.Video }

func (c *modelCursor) enter() {
	key, ok := c.m.newestKey(c.m.tracks[c.id])
	c.waiting = c.video() && !ok
	if c.next = c.m.head(); c.video() && ok {
		c.next = key
	}
}

func (c *modelCursor) peek() *av.Frame {
	if c.id == 0 {
		return nil
	}
	head := c.m.head()
	key, ok := c.m.newestKey(c.m.tracks[c.id])
	elsewhere := ok && key > c.next || !c.video() && c.next+16 < head
	if c.next < c.m.tail && c.next < head ||
		elsewhere && c.m.frames[head-1].Arrived.Sub(c.m.frames[c.next].Arrived) > c.m.cfg.MaxLag {
		c.m.drops++
		c.enter()
	}
	for ; c.next < head; c.next++ {
		if f := c.m.frames[c.next]; f.Track.ID == c.id && (!c.waiting || f.Type == av.Key) {
			c.waiting = false
			return f
		}
	}
	return nil
}

func poll(video, audio *modelCursor) *av.Frame {
	v, a := video.peek(), audio.peek()
	switch {
	case v != nil && (a == nil || v.Seq < a.Seq):
		video.next++
		return v
	case a != nil:
		audio.next++
	}
	return a
}
