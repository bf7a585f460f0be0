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
	var moving, ending []*stream
	for _, s := range c.streams {
		// Those who died follow nothing any more.
		s.watch = slices.DeleteFunc(s.watch, func(w watch) bool { return w.by == dead })
		if s.of == dead {
			if len(moving) <= len(ending) {
				moving = append(moving, s)
			} else {
				ending = append(ending, s)
			}
		}
	}
	for _, s := range append(slices.Clone(moving), ending...) {
		for _, w := range s.watch { // whatever was told before is old
			select {
			case <-w.place:
			default:
			}
		}
	}
	dead.cut()
	at := time.Now()
	dead.stop()
	c.died++
	err := each(moving, func(s *stream) error {
		to := c.members[rand.IntN(len(c.members))]
		claim, err := to.Claim(ctx, s.name, nil)
		if err != nil {
			return err
		}
		now := time.Now()
		c.claimed.add(now.Sub(at))
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
	if err != nil {
		return err
	}
	err = each(ending, func(s *stream) error {
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
	if err != nil {
		return err
	}
	err = until(ctx, func() bool {
		for _, m := range c.members {
			if m.Health().Nodes > len(c.members) {
				return false
			}
		}
		return true
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
