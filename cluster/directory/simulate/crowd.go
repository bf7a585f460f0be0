package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	"millrace/cluster/directory"
)

// crowd is all nodes.
type crowd struct {
	options
	world *world
	log   *slog.Logger

	members []*member
	streams []*stream
	born    int
	died    int

	claimed, moved, ended, listed times
}

// member is one node.
type member struct {
	*directory.Directory
	id   string
	cut  func()
	stop context.CancelFunc
	done chan struct{}
}

// stream is a stream: who has it and who follows it.
type stream struct {
	name  string
	of    *member
	watch []watch
}

type watch struct {
	by    *member
	place <-chan directory.Place
}

// atOnce is how much is under way at a time: as in a real cluster, where each
// node does its own.
const atOnce = 64

func (c *crowd) add() error {
	c.born++
	id := fmt.Sprintf("node-%04d", c.born)
	store, cut, err := c.world.connect(id)
	if err != nil {
		return err
	}
	d := directory.New(store, directory.Node{
		ID: id, Region: fmt.Sprint("region-", c.born%10), Role: directory.RoleAny, Version: "simulation",
		Relay: []string{fmt.Sprintf("10.0.%d.%d:4443", c.born>>8, c.born&255)}, HTTP: "http://" + id + ".example",
	}, directory.Config{}, c.log)
	d.Report(directory.Load{Viewers: c.born, Bits: 1e9, CPU: 0.5})
	ctx, stop := context.WithCancel(context.Background())
	m := &member{Directory: d, id: id, cut: cut, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(m.done)
		_ = d.Serve(ctx) // it ends when it is told to
	}()
	c.members = append(c.members, m)
	return nil
}

// gather lets all nodes join, and waits until each knows all.
func (c *crowd) gather(ctx context.Context) error {
	for range c.nodes {
		if err := c.add(); err != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond) // nobody starts a thousand machines in one second
	}
	return until(ctx, func() bool {
		for _, m := range c.members {
			if m.Health().Nodes != c.nodes {
				return false
			}
		}
		return true
	})
}

// publish claims all streams, and has them followed.
func (c *crowd) publish(ctx context.Context) error {
	c.streams = make([]*stream, c.options.streams)
	for i := range c.streams {
		c.streams[i] = &stream{name: fmt.Sprintf("live/channel-%06d", i), of: c.members[i%len(c.members)]}
	}
	err := each(c.streams, func(s *stream) error {
		_, err := s.of.Claim(ctx, s.name, nil)
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range c.streams {
		c.follow(s)
	}
	return each(c.streams, func(s *stream) error {
		for _, w := range s.watch {
			for p := range w.place {
				if p.Live() {
					break
				}
			}
		}
		return nil
	})
}

// follow lets some nodes watch the stream, as edges do.
func (c *crowd) follow(s *stream) {
	for len(s.watch) < c.watchers {
		by := c.members[rand.IntN(len(c.members))]
		if by == s.of {
			continue
		}
		places, _ := by.Watch(s.name)
		s.watch = append(s.watch, watch{by, places})
	}
}

// measure counts the traffic of a time in which something is done again and
// again, about as often as nodes die.
func (c *crowd) measure(ctx context.Context, long time.Duration, do func(context.Context) error) (string, error) {
	before, cpu := c.world.traffic(), busy()
	end := time.Now().Add(long)
	pause := time.Duration(float64(time.Minute) / (c.deaths * float64(c.nodes)))
	for {
		next := end
		if do != nil {
			next = time.Now().Add(pause)
			if err := do(ctx); err != nil {
				return "", err
			}
			if next.After(end) {
				next = end
			}
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(time.Until(next)):
		}
		if !time.Now().Before(end) {
			after := c.world.traffic()
			return fmt.Sprintf("%s, %.2f cores for everything", after.since(before), (busy()-cpu).Seconds()/after.at.Sub(before.at).Seconds()), nil
		}
	}
}

// stop ends all nodes.
func (c *crowd) stop() {
	var wg sync.WaitGroup
	for _, m := range c.members {
		wg.Go(func() {
			m.cut()
			m.stop()
			<-m.done
		})
	}
	wg.Wait()
}

// busy is what this process used of the processors so far.
func busy() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func until(ctx context.Context, so func() bool) error {
	for !so() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

func each(list []*stream, do func(*stream) error) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	next := make(chan *stream)
	for range atOnce {
		wg.Go(func() {
			for s := range next {
				if err := do(s); err != nil {
					mu.Lock()
					first = err
					mu.Unlock()
				}
			}
		})
	}
	for _, s := range list {
		next <- s
	}
	close(next)
	wg.Wait()
	return first
}
