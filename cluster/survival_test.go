package cluster_test

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"millrace/cmd/millrace/e2e/impair"
	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// line puts a bad line in front of a node's UDP port; TCP is not there at all.
func line(t *testing.T, p **impair.Proxy, seed uint64) func(string) string {
	return func(address string) string {
		var err error
		if *p, err = impair.Listen("127.0.0.2:0", netip.MustParseAddrPort(address), seed); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { (*p).Close() })
		return (*p).Addr().String()
	}
}

// TestParentFallsSilent: its children go on with another one, and their viewers
// notice nothing but a pause.
func TestParentFallsSilent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var way *impair.Proxy
	origin := h.node("origin", func(o *options) { o.cluster.MaxChildren = 1 })
	relay := h.node("relay", func(o *options) { o.advertise = line(t, &way, 1) })
	edge := h.node("edge", func(o *options) { o.cluster.Silence = time.Second })
	s := origin.publish()
	relayed := relay.subscribe()
	avtest.Record(t, relayed, nil).Wait(1)
	viewer := edge.watch()
	lasting(viewer, time.Second)
	if tree, _ := edge.Tree(t.Context(), name); len(tree.Nodes) != 3 {
		h.wait("the tree", func() bool { tree, _ = edge.Tree(t.Context(), name); return len(tree.Nodes) == 3 })
	}
	way.ToClients(impair.Settings{Loss: 1})
	way.ToServer(impair.Settings{Loss: 1})
	relay.stop() // makes room at the origin; its word of farewell is lost
	begun := time.Now()
	before := len(viewer.Frames())
	frames := viewer.Until("frames by another way", func(fs []*av.Frame) bool { return len(fs) > before+100 })
	gap := time.Duration(0)
	for i := max(1, before-5); i < before+50; i++ {
		gap = max(gap, frames[i].Arrived.Sub(frames[i-1].Arrived))
	}
	t.Logf("100 frames after %v; the greatest distance of two that came is %v", time.Since(begun).Round(time.Millisecond), gap.Round(time.Millisecond))
	check(t, frames, true)
	s.stop()
	edges, _ := edge.Stats()
	if edges.Rehomes == 0 || edges.Pulls != 1 {
		t.Errorf("%+v", edges)
	}
}

// TestBadLine: 40 ms there and back, and one packet in a hundred lost. A machine that
// stops for longer than a link may be silent has lost the link itself, and shows it again.
func TestBadLine(t *testing.T) {
	t.Parallel()
	for range 3 {
		late, missing, moves := badLine(t)
		if moves > 0 && !strict() {
			t.Logf("the parent was lost %d times", moves)
			continue
		}
		if missing > len(late)/1000 && strict() || missing > len(late)/3 {
			t.Errorf("%d of %d frames are missing", missing, len(late))
		}
		if p99 := late[len(late)*99/100] - 20*time.Millisecond; strict() && p99 > 150*time.Millisecond {
			t.Errorf("the 99th percentile is %v", p99)
		}
		return
	}
	t.Error("a line that loses one packet in a hundred is given up, each time")
}

// badLine is a child over such a line: how late frames came, in ascending order, how
// many did not, and how often it had to look for a parent anew.
func badLine(t *testing.T) (late []time.Duration, missing int, moves uint64) {
	t.Helper()
	h := newHouse(t)
	var way *impair.Proxy
	origin := h.node("origin", func(o *options) { o.advertise = line(t, &way, 7) })
	edge := h.node("edge", nil)
	bad := impair.Settings{Loss: 0.01, Delay: 20 * time.Millisecond}
	way.ToClients(bad)
	way.ToServer(bad)
	s := origin.publish()
	viewer := edge.subscribe()
	stream := viewer.Stream()
	var mu sync.Mutex
	came := map[uint64]time.Time{}
	rec := avtest.Record(t, edge.subscribe(), nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		viewer.Follow(avtest.PublisherTracks(stream.Catalog()))
		for {
			f, err := viewer.Next(t.Context())
			if err != nil {
				return
			}
			mu.Lock()
			came[f.Origin] = time.Now()
			mu.Unlock()
		}
	}()
	frames := lasting(rec, 5*time.Second)
	for strict() && len(frames) < 2400 { // one of a thousand is to be seen missing
		frames = lasting(rec, 5*time.Second)
	}
	s.stop()
	viewer.Close()
	<-done
	first, last := frames[0].Origin, frames[len(frames)-1].Origin
	for _, w := range s.frames {
		if w.Seq <= first || w.Seq >= last-20 || w.Arrived.Before(s.frames[0].Arrived.Add(time.Second)) {
			continue
		}
		if at, ok := came[w.Seq]; ok {
			late = append(late, at.Sub(w.Arrived))
		} else {
			missing++
		}
	}
	if len(late) == 0 {
		t.Fatalf("all %d frames are missing", missing)
	}
	slices.Sort(late)
	to, _ := way.Counts()
	t.Logf("%d frames, %d missing; added to the line's 20 ms: median %v, 99th %v; %d of %d packets lost",
		len(late), missing, late[len(late)/2]-20*time.Millisecond, late[len(late)*99/100]-20*time.Millisecond, to.Lost, to.Packets)
	check(t, frames, missing > 0)
	edges, _ := edge.Stats()
	return late, missing, edges.Rehomes
}

// TestPublisherMoves: from node to node, and every viewer follows, wherever it is.
func TestPublisherMoves(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b, c := h.node("a", nil), h.node("b", nil), h.node("c", nil)
	s := a.publish()
	if _, err := b.Publish(name, bus.PublisherInfo{}); !errors.Is(err, bus.ErrNameTaken) {
		t.Fatalf("the name is published twice: %v", err)
	}
	viewers := []*avtest.Recorder{a.watch(), b.watch(), c.watch()}
	generation := uint32(1)
	for _, n := range []*node{b, c, a, b} { // b and c are edges of this very stream before
		for _, v := range viewers {
			lasting(v, 500*time.Millisecond)
		}
		s.stop()
		s = n.publish()
		generation++
		for _, v := range viewers {
			v.Until("frames of "+n.id, func(fs []*av.Frame) bool { return fs[len(fs)-1].Generation == generation })
		}
	}
	for _, v := range viewers {
		lasting(v, 500*time.Millisecond)
		check(t, v.Frames(), true)
		if g := v.Frames()[len(v.Frames())-1].Generation; g != 5 {
			t.Errorf("generation %d", g)
		}
	}
}

// TestRedirects: an origin that has no room left sends children to children.
func TestRedirects(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var nodes []*node
	origin := h.node("origin", func(o *options) { o.cluster.MaxChildren = 2 })
	origin.publish()
	for _, id := range []string{"n1", "n2", "n3", "n4", "n5", "n6"} {
		n := h.node(id, func(o *options) { o.cluster.MaxChildren = 2 })
		lasting(n.watch(), 100*time.Millisecond)
		nodes = append(nodes, n)
	}
	h.wait("a tree of seven", func() bool { tree, _ := origin.Tree(t.Context(), name); return len(tree.Nodes) == 7 })
	tree, _ := origin.Tree(t.Context(), name)
	children := map[string]int{}
	for _, n := range tree.Nodes {
		children[n.Parent]++
	}
	// Whoever takes too long to answer is passed over: a busy machine's tree is deeper.
	if children["origin"] != 2 || strict() && (children["n1"] != 2 || children["n2"] != 2) {
		t.Errorf("%v", children)
	}
	for parent, n := range children {
		if n > 2 {
			t.Errorf("%s has %d children", parent, n)
		}
	}
	// An origin that is busy for a moment is not waited for: what is told then is less.
	h.wait("the whole tree, of another node", func() bool {
		asked, known := nodes[0].Tree(t.Context(), name)
		return known && asked.Whole && len(asked.Nodes) == 7
	})
}

// TestRegions: a node of another region has the stream from its region's own.
func TestRegions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := func(region string) func(*options) { return func(o *options) { o.region = region } }
	origin, first, second := h.node("origin", in("here")), h.node("first", in("there")), h.node("second", in("there"))
	third := h.node("third", in("elsewhere"))
	origin.publish()
	for _, n := range []*node{first, second, third} {
		lasting(n.watch(), 100*time.Millisecond)
	}
	h.wait("the tree", func() bool { tree, _ := origin.Tree(t.Context(), name); return len(tree.Nodes) == 4 })
	tree, _ := origin.Tree(t.Context(), name)
	for _, n := range tree.Nodes {
		want := map[string]string{"origin": "", "first": "origin", "second": "first", "third": "origin"}[n.Node]
		if n.Parent != want {
			t.Errorf("%s has it from %q, not from %q", n.Node, n.Parent, want)
		}
	}
}

// TestDrain: children go before the node does, and lose nothing.
func TestDrain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	origin, relay, edge := h.node("origin", chain), h.node("relay", nil), h.node("edge", nil)
	origin.publish()
	relay.watch().Wait(1)
	viewer := edge.watch()
	lasting(viewer, time.Second)
	h.wait("a child", func() bool { _, f := relay.Stats(); return f.Children == 1 })
	// The origin has room for one: it sends the edge back to the relay, which does
	// not want it. Only when the relay goes is there room.
	relay.Drain()
	lasting(viewer, 500*time.Millisecond)
	relay.stop()
	lasting(viewer, time.Second)
	check(t, viewer.Frames(), true)
	edges, _ := edge.Stats()
	if edges.Pulls != 1 || edges.Rehomes == 0 {
		t.Errorf("%+v", edges)
	}
}

// TestWithoutDirectory: what runs goes on, loses its parent and finds another one,
// and a stream that is known here can still be fetched.
func TestWithoutDirectory(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	origin := h.node("origin", func(o *options) { o.cluster.MaxChildren = 2 })
	relay, edge, known := h.node("relay", nil), h.node("edge", nil), h.node("known", nil)
	other := h.node("other", nil)
	origin.publish()
	relay.watch().Wait(1)
	other.watch().Wait(1)
	viewer := edge.watch()
	lasting(viewer, 500*time.Millisecond)
	before := known.watch()
	before.Wait(1)
	before.Close()
	h.wait("the pull's end", func() bool { e, _ := known.Stats(); return e.Active == 0 })
	for _, n := range h.nodes {
		n.store.Cut()
	}
	h.wait("the cut", func() bool { return !edge.dir.Health().Connected && !known.dir.Health().Connected })
	lasting(viewer, 500*time.Millisecond)
	for _, gone := range []*node{relay, other} { // one of them is the edge's parent
		gone.stop()
		lasting(viewer, time.Second)
	}
	check(t, viewer.Frames(), true)
	again := known.watch()
	lasting(again, 500*time.Millisecond)
	check(t, again.Frames(), true)
	if e, _ := edge.Stats(); e.Pulls != 1 || e.Rehomes == 0 {
		t.Errorf("%+v", e)
	}
}
