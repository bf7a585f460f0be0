package bus

import (
	"time"

	"millrace/transmux/av"
)

// lagCheck is how many frames behind the head a cursor without keyframes may be
// before its lag is looked at; within it the look would cost more than it is worth.
const lagCheck = 16

// Cursor is a reader's place in one track of a stream. It takes no lock and is
// used by one goroutine at a time.
type Cursor struct {
	stream *Stream
	state  *trackState
	next   uint64
	// waiting is true until a keyframe comes: after joining a ring without one,
	// or after being overtaken.
	waiting bool
	entries uint32
	jumps   uint32

	pending *trackState // a rendition to switch to at its first keyframe from after on
	after   uint64
}

// Track is the followed track's ID, zero for none.
func (c *Cursor) Track() av.TrackID {
	if c.state == nil {
		return 0
	}
	return c.state.id
}

// Entries counts how often the cursor was set to a keyframe or the live edge:
// once on joining, and once for every jump since.
func (c *Cursor) Entries() uint32 { return c.entries }

// Jumps counts how often the cursor lost frames and went on at a newer keyframe, or
// at the live edge.
func (c *Cursor) Jumps() uint32 { return c.jumps }

// Waiting is true while the cursor waits for a keyframe that is not in the ring.
func (c *Cursor) Waiting() bool { return c.waiting }

func (c *Cursor) follow(id av.TrackID) {
	if c.Track() == id {
		return
	}
	c.state, c.pending, c.waiting = nil, nil, false
	if id != 0 {
		c.state = c.stream.Catalog().state(id)
	}
	if c.state != nil {
		c.enter()
	}
}

// enter goes to the newest keyframe, or without one to the live edge, to wait.
func (c *Cursor) enter() {
	c.entries++
	c.waiting = false
	head := c.stream.head.Load()
	if !c.state.video {
		c.next = head
		return
	}
	// The look into the ring is for a track that was taken out of the catalog:
	// nobody clears its newestKey.
	if key := c.state.newestKey.Load(); key != noKey {
		if f := c.stream.ring.Load().at(key); f != nil {
			c.next = key
			c.freshen(f)
			return
		}
	}
	c.next = head
	c.waiting = true
	c.stream.RequestKeyframe()
}

// staleKey is how far behind the live edge a keyframe may be before a new one is
// asked for where that can be had: to play through what came since would take a
// browser longer. It is also the least distance of keyframes that joins can cause.
const staleKey = 2 * time.Second

// freshen asks for a keyframe where the one that is entered at is old. Until it
// comes the old one is a picture at once; then the cursor is behind, and jumps.
func (c *Cursor) freshen(key *av.Frame) {
	if c.stream.refreshes.Load() && c.stream.Edge(time.Now())-key.DTS > staleKey {
		c.stream.RequestKeyframe()
	}
}

// jump is enter for a cursor that lost frames.
func (c *Cursor) jump() {
	c.jumps++
	c.stream.drops.Add(1)
	c.stream.totals.gopDrops.Add(1)
	c.enter()
}

// Peek is the next frame of the track, nil at the live edge. A cursor that fell
// out of the ring, or is more than Config.MaxLag behind with a newer keyframe to
// go to, jumps to the newest keyframe.
func (c *Cursor) Peek() *av.Frame { return c.peek(c.stream.head.Load()) }

// peek is Peek for somebody who has loaded the stream's head; only a jump looks beyond it.
func (c *Cursor) peek(head uint64) *av.Frame {
	if c.pending != nil {
		c.takeOver()
	}
	if c.state == nil {
		return nil
	}
	r := c.stream.ring.Load()
	if c.tooFarBehind(r, head) {
		c.jump()
		head, r = c.stream.head.Load(), c.stream.ring.Load()
	}
	for c.next < head {
		f := r.at(c.next)
		if f == nil {
			c.jump()
			// The ring may have grown or moved on meanwhile.
			head, r = c.stream.head.Load(), c.stream.ring.Load()
			continue
		}
		if f.Track.ID != c.state.id || c.waiting && f.Type != av.Key {
			c.next++
			continue
		}
		c.waiting = false
		return f
	}
	// The request made on entering may have been coalesced with one that was
	// answered before, or have got lost on its way to the encoder.
	if c.waiting && c.stream.Catalog().state(c.state.id) == c.state {
		c.stream.RequestKeyframe()
	}
	return nil
}

// Advance takes the frame that Peek showed.
func (c *Cursor) Advance() { c.next++ }

func (c *Cursor) tooFarBehind(r *ring, head uint64) bool {
	if c.state.video {
		key := c.state.newestKey.Load()
		if key == noKey || key <= c.next {
			return false
		}
	} else if c.next+lagCheck >= head {
		return false
	}
	f, newest := r.at(c.next), r.at(head-1)
	if f == nil || newest == nil {
		return false // overtaken; Peek sees it
	}
	return newest.Arrived.Sub(f.Arrived) > c.stream.cfg.MaxLag
}

// restartWithin is how old the newest frame may be for a picture to be restarted
// from before it: a stream that stands still has nothing to catch up with, and
// its last GOP over and over would look like life.
const restartWithin = time.Second

// Restart is for a reader that lost the picture. It goes to the newest keyframe
// where that has not been read yet; else the publisher is asked for one, and
// where it cannot make one, the newest is read again.
func (c *Cursor) Restart() {
	if c.state == nil || !c.state.video {
		return
	}
	key := c.state.newestKey.Load()
	if key == noKey || key < c.next {
		c.stream.RequestKeyframe()
		if key == noKey || c.stream.refreshes.Load() || c.stream.still(time.Now()) {
			return
		}
	}
	c.enter()
}

// Switch turns to another rendition without a gap: the old one is read on until
// the new one's next keyframe is there. Switching to the one that is read calls
// off what has not come to pass.
func (c *Cursor) Switch(id av.TrackID) {
	if c.Track() == id {
		c.pending = nil
		return
	}
	if c.pending != nil && c.pending.id == id {
		return
	}
	c.pending = c.stream.Catalog().state(id)
	c.after = c.stream.head.Load()
	if c.pending != nil {
		c.stream.RequestKeyframe()
	}
}

// takeOver follows the pending rendition once it can be entered.
func (c *Cursor) takeOver() {
	key := c.pending.newestKey.Load()
	if key == noKey || key < c.after {
		return
	}
	c.state, c.pending = c.pending, nil
	c.enter()
}
