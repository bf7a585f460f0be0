package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// die kills one node as kill -9 does. Half of its publishers come back on other
// nodes at once, the others do not; and another node takes its place.
func (c *crowd) die(ctx context.Context) error {
	i := rand.IntN(len(c.members))
	dead := c.members[i]
	c.members = slices.Delete(c.members, i, i+1)
	moving, ending := c.orphans(dead)
	dead.cut()
	at := time.Now()
	dead.stop()
	c.died++
	if err := c.move(ctx, moving, at); err != nil {
		return err
	}
	_ = each(ending, func(s *stream) error {
		for _, w := range s.watch {
			for p := range w.place {
				if !p.Live() {
					break
				}
			}
			c.ended.add(time.Since(at))
		}
		return nil
	})
	err := until(ctx, func() bool {
		return !slices.ContainsFunc(c.members, func(m *member) bool { return m.Health().Nodes > len(c.members) })
	})
	if err != nil {
		return err
	}
	c.listed.add(time.Since(at))
	<-dead.done
	if err := c.add(); err != nil {
		return err
	}
	successor := c.members[len(c.members)-1]
	return each(ending, func(s *stream) error {
		s.of = successor
		_, err := successor.Claim(ctx, s.name, nil)
		return err
	})
}

// orphans are the streams of a node that is about to die, in halves; what their
// followers were told before is forgotten.
func (c *crowd) orphans(dead *member) (moving, ending []*stream) {
	for _, s := range c.streams {
		// Those who die follow nothing any more.
		s.watch = slices.DeleteFunc(s.watch, func(w watch) bool { return w.by == dead })
		if s.of != dead {
			continue
		}
		if len(moving) <= len(ending) {
			moving = append(moving, s)
		} else {
			ending = append(ending, s)
		}
		for _, w := range s.watch {
			select {
			case <-w.place:
			default:
			}
		}
	}
	return moving, ending
}

// move lets publishers come back elsewhere, and waits until all followers know.
func (c *crowd) move(ctx context.Context, moving []*stream, died time.Time) error {
	return each(moving, func(s *stream) error {
		to := c.members[rand.IntN(len(c.members))]
		claim, err := to.Claim(ctx, s.name, nil)
		if err != nil {
			return err
		}
		now := time.Now()
		c.claimed.add(now.Sub(died))
		s.of = to
		for _, w := range s.watch {
			for p := range w.place {
				if p == claim.Place() || w.by == to {
					break
				}
			}
			c.moved.add(time.Since(now))
		}
		return nil
	})
}

// times are measured ones.
type times struct {
	mu  sync.Mutex
	all []time.Duration
}

func (t *times) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, d)
}

func (t *times) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.all) == 0 {
		return "none"
	}
	slices.Sort(t.all)
	at := func(q float64) string {
		return fmt.Sprintf("%.3f s", t.all[min(len(t.all)-1, int(q*float64(len(t.all))))].Seconds())
	}
	return fmt.Sprintf("median %s, 99 %% %s, longest %s (of %d)", at(0.5), at(0.99), at(1), len(t.all))
}
