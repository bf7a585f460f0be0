package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestSourceBegunByAnEdge: a node of a cluster has an idle source; who watches it at
// another node begins it, and when the last one goes it is idle again.
func TestSourceBegunByAnEdge(t *testing.T) {
	t.Parallel()
	const name = "live/studio"
	studio := start(t, "MILLRACE_STREAM_LINGER=1s") // of no cluster
	origin := node(t, "origin", "127.0.0.2", nil, fmt.Sprintf(
		"MILLRACE_SOURCES={%s: {url: 'rtmp://%s/live/inside', on_demand: true, linger: 1s}}", name, studio.rtmp))
	if err := poll(t.Context(), patience, func() bool { return origin.directory() != "" }); err != nil {
		t.Fatal("no directory is served")
	}
	edge := node(t, "edge", "127.0.0.3", origin, "MILLRACE_CLUSTER_LINGER=1s")
	edge.knows(2)
	if why := edge.refused(name); !strings.Contains(why, "The source of this stream cannot be fetched") {
		t.Errorf("while nothing is played there: %s", why)
	}
	begun := time.Now()
	if why := edge.refused("live/nothing"); strings.Contains(why, "source") {
		t.Errorf("of a stream that nobody has: %s", why)
	}
	t.Logf("an unknown stream is refused after %v", time.Since(begun).Round(time.Millisecond))

	studio.publish(zeroLatency, "live/inside")
	studio.waitLive("live/inside")
	origin.waitSource(name, "idle")
	begun = time.Now()
	first := edge.found(name)
	second := edge.watch(withDeadline(t, patience), name)
	first.more(t, 30)
	second.more(t, 30)
	t.Logf("the first picture came %v after the first question", first.video()[0].Last.Sub(begun).Round(time.Millisecond))
	if s := origin.source(name); s.State != "live" || s.Viewers != 1 {
		t.Errorf("while two watch at the edge: %+v", s)
	}
	if edge.tree(name, 2)["edge"].Parent != "origin" {
		t.Error("the edge has it from somewhere else")
	}
	first.leave(t)
	second.leave(t)
	origin.waitSource(name, "idle")
}
