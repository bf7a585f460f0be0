// Package crowd counts who is in, in all and by what they have in common, and keeps out
// who would be one too many.
//
// The gates of publishers and of viewers call it. It must not know what anybody comes
// for, nor in which words they are refused.
package crowd

import (
	"maps"
	"sync"
)

// Bound is one of the things by which somebody who comes is counted.
type Bound struct {
	Limit string // its name, which refusals are counted by
	Of    string // those who have this in common are counted together
	// Most is how many there may be; 0 for any number. They are counted all the same:
	// a limit may be set while they are in.
	Most int
	// No makes the refusal, of how many are in already.
	No func(in int) error
}

// group is those of a limit who have something in common.
type group struct{ limit, of string }

// Crowd is who is in. Its methods are safe for concurrent use.
type Crowd struct {
	mu      sync.Mutex
	inside  int
	groups  map[group]int // none is empty
	refused map[string]uint64
}

// New makes a crowd of nobody, with the names of its limits.
func New(limits ...string) *Crowd {
	c := &Crowd{groups: map[group]int{}, refused: map[string]uint64{}}
	for _, name := range limits {
		c.refused[name] = 0
	}
	return c
}

// Enter counts somebody in, or gives the refusal of the first bound that is reached.
// leave counts them out and is called once.
func (c *Crowd) Enter(bounds ...Bound) (leave func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	groups := make([]group, len(bounds))
	for i, b := range bounds {
		groups[i] = group{b.Limit, b.Of}
		if in := c.groups[groups[i]]; b.Most > 0 && in >= b.Most {
			c.refused[b.Limit]++
			return nil, b.No(in)
		}
	}
	c.inside++
	for _, g := range groups {
		c.groups[g]++
	}
	return func() { c.leave(groups) }, nil
}

func (c *Crowd) leave(groups []group) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inside--
	for _, g := range groups {
		if c.groups[g]--; c.groups[g] == 0 {
			delete(c.groups, g)
		}
	}
}

// Refuse counts a refusal that came later than at the entrance.
func (c *Crowd) Refuse(limit string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused[limit]++
}

// Inside is how many are in.
func (c *Crowd) Inside() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inside
}

// Refused counts the refusals by the limit that it was.
func (c *Crowd) Refused() map[string]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.refused)
}
