package edge

import (
	"slices"
	"time"
)

// samples is how many pings the difference of two clocks is judged by: those of
// the last four seconds.
const samples = 16

// clock estimates how far the parent's clock is ahead of this node's, by the ping
// with the shortest way there and back (RFC 5905 section 8 does the same).
type clock struct {
	list []sample
	next int
}

type sample struct{ offset, rtt time.Duration }

// add takes a ping that was sent and has come back, by this node's clock, and was
// at the parent at that time by the parent's.
func (c *clock) add(sent, there, back int64) {
	s := sample{time.Duration(there - sent/2 - back/2 - (sent&1+back&1)/2), time.Duration(back - sent)}
	if s.rtt < 0 {
		return // the clock was set meanwhile
	}
	if len(c.list) < samples {
		c.list = append(c.list, s)
		return
	}
	c.list[c.next] = s
	c.next = (c.next + 1) % samples
}

func (c *clock) best() sample {
	if len(c.list) == 0 {
		return sample{}
	}
	return slices.MinFunc(c.list, func(a, b sample) int { return int(a.rtt - b.rtt) })
}

// local turns a time of the parent's clock into this node's.
func (c *clock) local(parent int64) time.Time { return time.Unix(0, parent-int64(c.best().offset)) }

// gauge keeps the last measurements of something and tells their median.
type gauge struct {
	list [64]time.Duration
	n    int
}

func (g *gauge) add(d time.Duration) {
	g.list[g.n%len(g.list)] = d
	g.n++
}

func (g *gauge) median() time.Duration {
	n := min(g.n, len(g.list))
	if n == 0 {
		return 0
	}
	sorted := g.list
	slices.Sort(sorted[:n])
	return sorted[n/2]
}
