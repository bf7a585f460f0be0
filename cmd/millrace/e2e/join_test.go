package e2e

import (
	"math/rand/v2"
	"testing"
	"time"

	"millrace/transmux/av"
)

// What is promised of a join on loopback.
const (
	joins          = 20
	keyframeMedian = 40 * time.Millisecond
	keyframeWorst  = 80 * time.Millisecond
	liveEdge       = 100 * time.Millisecond // one second after joining
)

// TestJoin: twenty viewers come one after the other at random points of the GOP,
// and each begins with a whole keyframe at once.
func TestJoin(t *testing.T) {
	g := start(t)
	source := g.publish(zeroLatency, "live/join")
	g.waitLive("live/join")

	var answered, connected, packets, keyframes, edges []time.Duration
	for i := range joins {
		pass(t, time.Duration(rand.IntN(400))*time.Millisecond)
		r := g.watch(withDeadline(t, patience), "live/join")
		if err := r.WaitKeyframe(t.Context()); err != nil {
			t.Fatalf("join %d: %v", i, err)
		}
		if i%5 == 0 { // these stay a second and look how far behind they are
			edges = append(edges, r.edge(t))
		} else {
			r.more(t, 5)
		}
		r.leave(t)
		r.flawless(t)
		tm := r.Timing()
		answered = append(answered, tm.Answered)
		connected = append(connected, tm.Connected)
		packets = append(packets, tm.FirstVideo)
		keyframes = append(keyframes, tm.FirstKeyframe)
	}
	source.running()
	t.Logf("of %d joins from the POST, median and worst: answered %v %v, connected %v %v, first packet %v %v, whole keyframe %v %v; behind the live edge after 1 s %v %v",
		joins, quantile(answered, .5), quantile(answered, 1), quantile(connected, .5), quantile(connected, 1),
		quantile(packets, .5), quantile(packets, 1), quantile(keyframes, .5), quantile(keyframes, 1), quantile(edges, .5), quantile(edges, 1))
	atMost(t, "median of the first whole keyframe", quantile(keyframes, .5), keyframeMedian)
	atMost(t, "worst first whole keyframe", quantile(keyframes, 1), keyframeWorst)
	atMost(t, "behind the live edge after a second", quantile(edges, 1), liveEdge)
}

// edge is how far behind the gateway the newest picture is that came within the
// first second after the POST.
func (r *recorder) edge(t *testing.T) time.Duration {
	t.Helper()
	second := r.Begun().Add(time.Second)
	err := poll(t.Context(), patience, func() bool {
		units := r.video()
		return len(units) > 0 && units[len(units)-1].Last.After(second)
	})
	if err != nil {
		t.Fatal(err)
	}
	by := r.report(t, av.Video)
	units := r.video()
	newest := units[0]
	for _, u := range units {
		if u.Last.Before(second) {
			newest = u
		}
	}
	// At that second the viewer has shown this picture and waits for the next.
	return behind(newest.Timestamp, newest.Last, 90000, by)
}

// atMost asserts a promised time, with slack.
func atMost(t *testing.T, what string, got, promised time.Duration) {
	t.Helper()
	if got > slack(promised) {
		t.Errorf("%s: %v, promised %v", what, got, promised)
	}
}
