package cluster_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"millrace/cluster"
	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// camera is a source that its node begins when somebody asks for the stream.
type camera struct {
	published
	node  *node
	takes time.Duration // to begin
	fails string        // why it cannot be had; empty: it can

	mu    sync.Mutex
	show  *show
	begun int
	held  int
}

func (c *camera) Hold(ctx context.Context, stream string) (*bus.Stream, func(), error) {
	if stream != name {
		return c.published.Hold(ctx, stream)
	}
	select {
	case <-time.After(c.takes):
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if c.fails != "" {
		return nil, nil, &bus.Unavailable{Reason: c.fails}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.show == nil {
		c.begun++
		c.show = c.node.publish()
	}
	s, release, err := c.Hub.Hold(stream)
	if err != nil {
		return nil, nil, err
	}
	c.held++
	return s, sync.OnceFunc(func() {
		release()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.held--
	}), nil
}

func (c *camera) state() (begun, held int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.begun, c.held
}

// watching makes a node that offers the camera's stream.
func (h *house) watching(id string, c *camera) *node {
	n := h.node(id, func(o *options) {
		o.own = func(n *node) cluster.Own {
			c.node, c.published = n, published{n.hub}
			return c
		}
	})
	withdraw, err := n.dir.Offer(name)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(withdraw)
	return n
}

// TestAStreamIsBegun: a viewer at an edge makes the node that can begin its stream
// do so, once, however many come; and when nobody watches, it is let go.
func TestAStreamIsBegun(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := &camera{takes: 500 * time.Millisecond} // longer than a node that has a stream takes to say so
	origin := h.watching("origin", c)
	one, other := h.node("one", nil), h.node("other", nil)
	var work sync.WaitGroup
	for _, n := range []*node{one, other, one} {
		work.Go(func() {
			sub, err := n.Subscribe(t.Context(), name)
			if err != nil {
				t.Error(err)
				return
			}
			defer sub.Close()
			check(t, lasting(avtest.Record(t, sub, nil), 500*time.Millisecond), true)
		})
	}
	work.Wait()
	if begun, _ := c.state(); begun != 1 {
		t.Errorf("begun %d times", begun)
	}
	h.wait("nobody to hold it", func() bool { _, held := c.state(); return held == 0 })
	if e, f := origin.Stats(); e.Pulls != 0 || f.Opened != 2 {
		t.Errorf("the origin's figures: %+v %+v", e, f)
	}
	if _, err := one.Subscribe(t.Context(), "live/nothing"); !errors.Is(err, bus.ErrNotLive) {
		t.Errorf("a stream that nobody offers: %v", err)
	}
}

// TestAStreamCannotBeBegun: the viewer hears what the node says that tried.
func TestAStreamCannotBeBegun(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.watching("origin", &camera{fails: "The camera is off."})
	edge := h.node("edge", nil)
	begun := time.Now()
	_, err := edge.Subscribe(t.Context(), name)
	if !errors.Is(err, bus.ErrNotLive) || !strings.Contains(err.Error(), "The camera is off.") {
		t.Errorf("told: %v", err)
	}
	t.Logf("after %v", time.Since(begun))
}

// TestAnotherNodeBeginsIt: the node that had begun the stream dies, another one that
// can begin it goes on, and the viewer stays.
func TestAnotherNodeBeginsIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, second := &camera{}, &camera{}
	nodes := []*node{h.watching("first", first), h.watching("second", second)}
	edge := h.node("edge", nil)
	viewer := edge.watch()
	lasting(viewer, 500*time.Millisecond)
	dead := nodes[0]
	if begun, _ := second.state(); begun == 1 {
		dead = nodes[1]
	}
	dead.stop()
	frames := lasting(viewer, time.Second)
	check(t, frames, true)
	for _, c := range []*camera{first, second} {
		if begun, _ := c.state(); begun != 1 {
			t.Errorf("begun %d times", begun)
		}
	}
	if e, _ := edge.Stats(); e.Pulls != 1 {
		t.Errorf("%+v", e)
	}
}

// TestResume: a node that changes its parent is not sent again what it has, and
// misses nothing.
func TestResume(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	there := func(o *options) { o.region = "there" }
	origin, relay, edge := h.node("origin", nil), h.node("relay", there), h.node("edge", there)
	origin.publish()
	relay.watch().Wait(1)
	viewer := edge.watch()
	lasting(viewer, 1500*time.Millisecond) // into the second GOP
	h.wait("the tree", func() bool { tree, _ := edge.Tree(t.Context(), name); return len(tree.Nodes) == 3 })
	relay.Drain()
	h.wait("another parent", func() bool { e, _ := edge.Stats(); return e.Rehomes == 1 })
	pictures := slices.DeleteFunc(slices.Clone(lasting(viewer, 1500*time.Millisecond)), func(f *av.Frame) bool { return f.Track.Kind != av.Video })
	check(t, pictures, !strict()) // a machine that is too slow jumps to a newer keyframe
	_, fed := origin.Stats()
	t.Logf("%d bytes of %d were spared", fed.Spared, fed.Spared+fed.Bytes)
	if fed.Spared == 0 {
		t.Error("everything was sent again")
	}
}
