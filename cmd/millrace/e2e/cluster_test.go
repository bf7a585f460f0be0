package e2e

import (
	"encoding/json"
	"net/http"
	"syscall"
	"testing"
	"time"
)

// node starts a node of a cluster on a loopback address of its own. The first one
// carries the directory; others are told where that is.
func node(t *testing.T, id, address string, first *gateway, settings ...string) *gateway {
	t.Helper()
	meet := "MILLRACE_CLUSTER_NATS_LISTEN=" + address + ":0"
	if first != nil {
		meet = "MILLRACE_CLUSTER_NATS_URL=" + first.directory()
	}
	return start(t, append([]string{
		clusterSecret, "MILLRACE_NODE_ID=" + id, meet, "MILLRACE_RELAY_ADDRESS=" + address + ":0",
		"MILLRACE_HTTP_ADDRESS=" + address + ":0", "MILLRACE_RTMP_ADDRESS=" + address + ":0", "MILLRACE_WEBRTC_ADDRESS=" + address + ":0",
	}, settings...)...)
}

// kill ends the process as a power failure would.
func (g *gateway) kill() {
	g.t.Helper()
	g.stopped = true
	if err := g.cmd.Process.Kill(); err != nil {
		g.t.Fatal(err)
	}
	<-g.exited
}

// republish publishes as an encoder does that tries again until it is let in.
func (g *gateway) republish(clip, name string) {
	g.t.Helper()
	var f *ffmpeg
	err := poll(g.t.Context(), patience, func() bool {
		if f != nil {
			select {
			case <-f.exited:
				f = nil
			default:
			}
		}
		if f == nil {
			f = g.publish(clip, name)
		}
		s, ok := g.stream(name)
		return ok && s.Live
	})
	if err != nil {
		g.t.Fatalf("the publisher is not let in\n%s", g.tail())
	}
}

// treeNode is what the API tells of a node of a stream's tree.
type treeNode struct {
	Node, Parent, Transport string
	Viewers, Hops           int
	Latency                 float64
	HopLatency              float64 `json:"hop_latency"`
	RTT                     float64
	Frames, Lost            uint64
}

// tree waits until so many nodes have the stream.
func (g *gateway) tree(name string, nodes int) map[string]treeNode {
	g.t.Helper()
	var tree struct {
		Origin string
		Whole  bool
		Nodes  []treeNode
	}
	err := poll(g.t.Context(), patience, func() bool {
		_, body := g.request(http.MethodGet, g.url("/api/v1/cluster/streams/"+name), "", "")
		return json.Unmarshal(body, &tree) == nil && tree.Whole && len(tree.Nodes) == nodes && tree.Nodes[nodes-1].Frames > 0
	})
	if err != nil {
		g.t.Fatalf("the tree is %+v\n%s", tree, g.tail())
	}
	all := map[string]treeNode{}
	for _, n := range tree.Nodes {
		all[n.Node] = n
	}
	return all
}

// forward wants no picture's time to go backwards, and returns the longest wait for
// one since the given time.
func forward(t *testing.T, r *recorder, since time.Time) (longest time.Duration) {
	t.Helper()
	units := r.video()
	for i := 1; i < len(units); i++ {
		if int32(units[i].Timestamp-units[i-1].Timestamp) < 0 {
			t.Errorf("picture %d is at %d, after %d", i, units[i].Timestamp, units[i-1].Timestamp)
		}
		if units[i].Last.After(since) {
			longest = max(longest, units[i].Last.Sub(units[i-1].Last))
		}
	}
	return longest
}

// TestTreeOutlivesItsNodes: origin, relay and edge are processes; the relay dies,
// then the origin, and the viewer at the edge stays in its session.
func TestTreeOutlivesItsNodes(t *testing.T) {
	t.Parallel()
	const name = "live/tree"
	edge := node(t, "edge", "127.0.0.4", nil)
	if err := poll(t.Context(), patience, func() bool { return edge.directory() != "" }); err != nil {
		t.Fatal("no directory is served")
	}
	origin := node(t, "origin", "127.0.0.2", edge, "MILLRACE_CLUSTER_MAX_CHILDREN=1")
	relay := node(t, "relay", "127.0.0.3", edge)
	for _, g := range []*gateway{edge, origin, relay} {
		g.knows(3)
	}
	encoder := origin.publish(zeroLatency, name)
	origin.waitLive(name)

	middle := relay.watch(withDeadline(t, patience), name)
	middle.more(t, 10)
	begun := time.Now()
	viewer := edge.watch(withDeadline(t, patience), name)
	viewer.more(t, 1)
	t.Logf("first picture %v after joining through two hops", viewer.video()[0].Last.Sub(begun).Round(time.Millisecond))
	viewer.more(t, 60)
	tree := edge.tree(name, 3)
	if tree["edge"].Parent != "relay" || tree["relay"].Parent != "origin" || tree["edge"].Viewers != 1 || tree["edge"].Hops != 2 {
		t.Fatalf("%+v", tree)
	}
	t.Logf("hops of %.2f ms and %.2f ms", 1000*tree["relay"].HopLatency, 1000*tree["edge"].HopLatency)
	if strict() && max(tree["relay"].HopLatency, tree["edge"].HopLatency) > 0.001 {
		t.Errorf("%+v", tree)
	}
	if err := poll(t.Context(), patience, func() bool { return len(viewer.audio()) > 50 }); err != nil {
		t.Error("no sound, which is derived at the origin")
	}
	if n := edge.metric("millrace_derivations") + relay.metric("millrace_derivations"); n != 0 {
		t.Errorf("%v derivations off the origin", n)
	}

	// The relay dies without a word.
	middle.leave(t)
	sounds := len(viewer.audio())
	relay.kill()
	begun = time.Now()
	viewer.more(t, 150)
	gap := forward(t, viewer, begun)
	t.Logf("the parent is killed: pictures pause for %v", gap.Round(time.Millisecond))
	if strict() && gap > 2*time.Second {
		t.Errorf("%v without a picture", gap)
	}
	if tree := edge.tree(name, 2); tree["edge"].Parent != "origin" {
		t.Errorf("%+v", tree)
	}
	t.Logf("%v KiB were not sent again", origin.metric("millrace_relay_spared_bytes_total")/1024)

	// The origin dies too; the encoder comes to another node.
	other := node(t, "other", "127.0.0.5", edge)
	other.knows(3)
	begun = time.Now()
	origin.kill()
	encoder.kill()
	had := len(viewer.video())
	other.republish(zeroLatency, name)
	if err := poll(t.Context(), 2*patience, func() bool { return len(viewer.video()) >= had+60 }); err != nil {
		t.Fatalf("the viewer does not follow to the other node\n%s", edge.tail())
	}
	gap = forward(t, viewer, begun)
	t.Logf("the origin is killed: pictures pause for %v, the encoder's start included", gap.Round(time.Millisecond))
	if strict() && gap > 2*time.Second {
		t.Errorf("%v without a picture", gap)
	}
	if err := poll(t.Context(), patience, func() bool { return len(viewer.audio()) > sounds+100 }); err != nil {
		t.Error("no sound after the moves")
	}
	if viewer.Err() != nil {
		t.Errorf("the session ended: %v", viewer.Err())
	}
}

// TestParentStandsStill: a parent that lives but says nothing is left.
func TestParentStandsStill(t *testing.T) {
	t.Parallel()
	const name = "live/still"
	edge := node(t, "edge", "127.0.0.4", nil)
	if err := poll(t.Context(), patience, func() bool { return edge.directory() != "" }); err != nil {
		t.Fatal("no directory is served")
	}
	origin := node(t, "origin", "127.0.0.2", edge, "MILLRACE_CLUSTER_MAX_CHILDREN=1")
	relay := node(t, "relay", "127.0.0.3", edge)
	edge.knows(3)
	origin.publish(zeroLatency, name)
	origin.waitLive(name)
	middle := relay.watch(withDeadline(t, patience), name)
	middle.more(t, 1)
	viewer := edge.watch(withDeadline(t, patience), name)
	viewer.more(t, 30)
	middle.leave(t)
	if err := relay.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	viewer.more(t, 150)
	gap := forward(t, viewer, begun)
	t.Logf("pictures pause for %v", gap.Round(time.Millisecond))
	if strict() && gap > 4*time.Second {
		t.Errorf("%v without a picture", gap)
	}
	if err := relay.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if viewer.Err() != nil {
		t.Errorf("the session ended: %v", viewer.Err())
	}
}
