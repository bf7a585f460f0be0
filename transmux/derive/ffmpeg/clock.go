package ffmpeg

import (
	"sync"
	"time"
)

// remembered is how many of the source's frames are known while they are on their
// way through: two seconds of 120 pictures a second.
const remembered = 256

// clock knows when which frame came, for those that come out in its place.
type clock struct {
	mu     sync.Mutex
	frames [remembered]passage
	next   int
}

type passage struct {
	pts     time.Duration
	arrived time.Time
}

func (c *clock) note(pts time.Duration, arrived time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frames[c.next%remembered] = passage{pts, arrived}
	c.next++
}

// same is the frame shown at that time, give or take a rounding.
func (c *clock) same(pts time.Duration) (p passage, found bool) {
	const rounding = 50 * time.Microsecond // a tick of 90 kHz is 11
	return c.search(func(q passage) bool { return (q.pts - pts).Abs() <= rounding })
}

// before is the newest frame that begins before that time.
func (c *clock) before(pts time.Duration) (p passage, found bool) {
	return c.search(func(q passage) bool { return q.pts < pts })
}

// search looks from the newest to the oldest.
func (c *clock) search(wanted func(passage) bool) (passage, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := c.next - 1; i >= 0 && i >= c.next-remembered; i-- {
		if p := c.frames[i%remembered]; wanted(p) {
			return p, true
		}
	}
	return passage{}, false
}
