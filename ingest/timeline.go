package ingest

import (
	"time"

	"millrace/transmux/av"
)

const (
	// maxForward is the furthest that timestamps may run ahead of the wall
	// clock before that is taken for an encoder that restarted its clock. No
	// frame interval and no muted track is as long.
	maxForward = 10 * time.Second
	// maxBackward is the same the other way: jitter and badly interleaved
	// tracks stay below it, a restarted clock does not.
	maxBackward = time.Second
	// minStep is by how much a frame follows one that claims to be later: the
	// resolution of RTMP's timestamps.
	minStep = time.Millisecond
	// maxStep bounds what is believed to be a track's frame interval; slower
	// tracks than one frame a second are slide shows.
	maxStep = time.Second
	// anchorLeak is how fast the anchor follows an encoder whose clock is slower
	// than ours: a frame that comes late moves it by a 2048th of its lateness.
	anchorLeak = 2048
)

// Timeline repairs the timestamps of one publisher. Per track DTS only grows;
// small jitter stays as it is, small steps back are flattened, and a clock that
// jumps (an encoder that started anew in its old connection) is laid onto the
// old one where the wall clock says it belongs. Tracks that jump together keep
// their distance, so that lips stay in sync.
//
// The zero value is ready. It is used by one goroutine at a time.
type Timeline struct {
	clocks []*clock
	anchor time.Time // when DTS zero would have arrived with the least delay
}

// clock is one track's place on the timeline.
type clock struct {
	id     av.TrackID
	offset time.Duration // from the publisher's clock onto ours
	last   time.Duration // the newest DTS handed out
	step   time.Duration // the last believable distance between two frames
}

// Repair sets f's DTS and PTS, keeping their distance. f.Track and f.Arrived
// must be set. It reports whether the track's clock jumped.
func (t *Timeline) Repair(f *av.Frame) (jumped bool) {
	c := t.clock(f.Track.ID)
	if c == nil {
		c = t.begin(f)
	}
	live := f.Arrived.Sub(t.anchor)
	dts := f.DTS + c.offset
	if !c.plausible(dts, live) {
		jumped = true
		c.offset = t.lay(c, f.DTS, live)
		dts = f.DTS + c.offset
	}
	if step := dts - c.last; step <= 0 {
		dts = c.last + minStep
	} else if step <= maxStep {
		c.step = step
	}
	c.last = dts
	t.follow(live - dts)
	f.PTS += dts - f.DTS
	f.DTS = dts
	return jumped
}

// follow keeps the anchor at the least delay seen, leaking upwards: a frame can
// only come late, never early.
func (t *Timeline) follow(late time.Duration) {
	if late > 0 {
		late /= anchorLeak
	}
	t.anchor = t.anchor.Add(late)
}

func (t *Timeline) clock(id av.TrackID) *clock {
	for _, c := range t.clocks {
		if c.id == id {
			return c
		}
	}
	return nil
}

// begin adds a track. It shares the publisher's clock with the tracks before it
// unless its first timestamp shows that it cannot.
func (t *Timeline) begin(f *av.Frame) *clock {
	c := &clock{id: f.Track.ID, last: f.DTS - minStep}
	if newest := t.newest(); newest == nil {
		t.anchor = f.Arrived.Add(-f.DTS)
	} else {
		c.offset = newest.offset
		c.last += c.offset
		live := f.Arrived.Sub(t.anchor)
		if c.last < newest.last-maxForward || c.last > max(newest.last, live)+maxForward {
			c.last = newest.last // to be laid as if it had been there all along
		}
	}
	t.clocks = append(t.clocks, c)
	return c
}

func (t *Timeline) newest() *clock {
	var newest *clock
	for _, c := range t.clocks {
		if newest == nil || c.last > newest.last {
			newest = c
		}
	}
	return newest
}

// plausible tells jitter, stalls and bursts from a clock that jumped; live is
// where the wall clock is. A track may stand still while the wall clock runs (a
// stalled network brings its frames late) and may catch up with it (an encoder
// drops what the network did not take, a muted track comes back).
func (c *clock) plausible(dts, live time.Duration) bool {
	return dts > c.last-maxBackward && dts <= max(c.last, live)+maxForward
}

// lay returns the offset that puts a timestamp whose clock jumped onto the
// timeline: another track's, if that has jumped the same way (or this one has
// jumped back), else the one that lets the track go on where the wall clock is.
func (t *Timeline) lay(c *clock, dts, live time.Duration) time.Duration {
	for _, other := range t.clocks {
		if other != c && other.offset != c.offset && c.plausible(dts+other.offset, live) {
			return other.offset
		}
	}
	return max(c.last+max(c.step, minStep), live) - dts
}
