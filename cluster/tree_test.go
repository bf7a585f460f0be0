package cluster_test

import (
	"slices"
	"testing"
	"time"

	"millrace/cluster"
	"millrace/transmux/av"
)

// chain limits each node to one child, so that the tree grows into a chain.
func chain(o *options) { o.cluster.MaxChildren = 1 }

// TestThreeHubs: origin, relay, edge: everything comes, in order, with the same
// numbers, and soon.
func TestThreeHubs(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"quic", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			change := func(o *options) { chain(o); o.wire.NoUDP = transport == "tcp" }
			origin, relay, edge := h.node("origin", change), h.node("relay", change), h.node("edge", change)
			s := origin.publish()
			first := relay.watch()
			first.Wait(1)
			last := edge.watch()
			frames := lasting(last, 2*time.Second)
			// A machine that stands still for a second loses a GOP, and rightly so.
			stalled := relay.hub.Totals().GOPDrops+origin.hub.Totals().GOPDrops > 0 && !strict()
			check(t, frames, stalled)
			check(t, first.Frames(), stalled)
			var tree cluster.Tree
			h.wait("the tree", func() bool {
				tree, _ = edge.Tree(t.Context(), name)
				return tree.Whole && len(tree.Nodes) == 3 && tree.Nodes[2].Frames > 100
			})
			t.Logf("%+v", tree)
			if tree.Origin != "origin" || tree.Nodes[1].Parent != "origin" || tree.Nodes[2].Parent != "relay" ||
				tree.Nodes[2].Transport != transport || tree.Nodes[2].Viewers != 1 || tree.Nodes[2].Hops != 2 {
				t.Errorf("%+v", tree)
			}
			s.stop()
			written := s.frames
			for _, f := range frames {
				i := slices.IndexFunc(written, func(w *av.Frame) bool { return w.Seq == f.Origin })
				if i < 0 {
					t.Fatalf("nobody wrote frame %d", f.Origin)
				}
				w := written[i]
				if w.PTS != f.PTS || w.DTS != f.DTS || w.Type != f.Type || w.Track.ID != f.Track.ID || w.Generation != f.Generation ||
					len(w.Payloads) != len(f.Payloads) || len(w.Parts) != len(f.Parts) {
					t.Fatalf("%+v is not %+v", f, w)
				}
				if d := f.Arrived.Sub(w.Arrived).Abs(); d > time.Second {
					t.Fatalf("arrived at %v, and is said to have at %v", w.Arrived, f.Arrived)
				}
			}
			if hop := tree.Nodes[2].HopLatency; strict() && hop > 0.001 {
				t.Errorf("a hop adds %.2f ms", 1000*hop)
			}
		})
	}
}
