package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"millrace/transmux/rtc/peer"
)

// gathering is viewers who stay.
type gathering struct {
	mu      sync.Mutex
	viewers []*peer.Viewer
}

// join lets so many viewers come to a node, and waits for their pictures.
func (c *gathering) join(g *gateway, n int, name string) {
	g.t.Helper()
	for _, err := range g.several(n, name, func(ctx context.Context, v *peer.Viewer) error {
		c.mu.Lock()
		c.viewers = append(c.viewers, v)
		c.mu.Unlock()
		return v.WaitKeyframe(ctx)
	}) {
		if err != nil {
			g.t.Error(err)
		}
	}
}

func (c *gathering) leave(t *testing.T) {
	t.Helper()
	for _, v := range c.viewers {
		if v.Err() != nil {
			t.Errorf("a session ended: %v", v.Err())
		}
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestCrowdAtOneEdge: however many come at once to an edge that has nothing yet, it
// fetches the stream once.
func TestCrowdAtOneEdge(t *testing.T) {
	const name = "live/rush"
	crowd := 30
	if strict() {
		crowd = 300
	}
	origin := node(t, "origin", "127.0.0.2", nil)
	if err := poll(t.Context(), patience, func() bool { return origin.directory() != "" }); err != nil {
		t.Fatal("no directory is served")
	}
	edge := node(t, "edge", "127.0.0.3", origin)
	edge.knows(2)
	origin.publish(lightClip(t), name)
	origin.waitLive(name)
	var all gathering
	defer all.leave(t)
	begun := time.Now()
	all.join(edge, crowd, name)
	t.Logf("%d viewers have a picture after %v", crowd, time.Since(begun).Round(time.Millisecond))
	if pulls, children := edge.metric("millrace_relay_pulls_total"), origin.metric("millrace_relay_children"); pulls != 1 || children != 1 {
		t.Errorf("%v pulls, %v children at the origin", pulls, children)
	}
	if s, _ := origin.stream(name); s.Viewers != 0 {
		t.Errorf("the origin counts %d viewers", s.Viewers)
	}
}

// TestOriginServesItsChildrenOnly: what it costs an origin does not depend on how many
// watch at its edges.
func TestOriginServesItsChildrenOnly(t *testing.T) {
	const name = "live/many"
	edges, each, long := 2, 10, 2*time.Second
	if strict() {
		edges, each, long = 4, 100, 10*time.Second
	}
	origin := node(t, "origin", "127.0.0.2", nil)
	if err := poll(t.Context(), patience, func() bool { return origin.directory() != "" }); err != nil {
		t.Fatal("no directory is served")
	}
	var nodes []*gateway
	for i := range edges {
		nodes = append(nodes, node(t, fmt.Sprint("edge", i), fmt.Sprintf("127.0.0.%d", 3+i), origin))
	}
	origin.knows(1 + edges)
	origin.publish(lightClip(t), name)
	origin.waitLive(name)
	var all gathering
	defer all.leave(t)
	// spent is what the origin, and all edges together, use of a processor.
	spent := func() (top, below float64) {
		used := func() (top, below time.Duration) {
			for _, g := range nodes {
				below += g.cpu()
			}
			return origin.cpu(), below
		}
		top0, below0 := used()
		begun := time.Now()
		pass(t, long)
		top1, below1 := used()
		lasted := time.Since(begun).Seconds()
		return (top1 - top0).Seconds() / lasted, (below1 - below0).Seconds() / lasted
	}
	for _, g := range nodes {
		all.join(g, 1, name)
	}
	few, edgesFew := spent()
	for _, g := range nodes {
		all.join(g, each-1, name)
	}
	pass(t, long) // what joining costs is not the point
	many, edgesMany := spent()
	t.Logf("with 1 viewer at each of %d edges the origin uses %.3f of a processor, the edges %.3f; with %d at each %.3f and %.3f",
		edges, few, edgesFew, each, many, edgesMany)
	if children, bytes := origin.metric("millrace_relay_children"), origin.metric("millrace_relay_sent_bytes_total"); children != float64(edges) || bytes == 0 {
		t.Errorf("%v children, %v bytes sent to them", children, bytes)
	}
	for i, g := range nodes {
		if pulls := g.metric("millrace_relay_pulls_total"); pulls != 1 {
			t.Errorf("edge %d fetched the stream %v times", i, pulls)
		}
		if s, _ := g.stream(name); s.Viewers != each {
			t.Errorf("edge %d has %d viewers", i, s.Viewers)
		}
	}
	if s, _ := origin.stream(name); s.Viewers != 0 {
		t.Errorf("the origin counts %d viewers", s.Viewers)
	}
	if strict() && many > 2*few+0.02 {
		t.Errorf("the origin uses %.3f of a processor with many viewers, %.3f with few", many, few)
	}
}
