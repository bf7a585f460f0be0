package e2e

import (
	"testing"
	"time"
)

// TestRefresh: a viewer that lost the thread asks for a keyframe and gets one. One
// that asks because nothing comes any more, as browsers do after 3 s, gets
// nothing: shown the last seconds once more, it would believe in a live stream.
func TestRefresh(t *testing.T) {
	g := start(t)
	source := g.publish(zeroLatency, "live/refresh")
	g.waitLive("live/refresh")
	r := g.watch(withDeadline(t, patience), "live/refresh")
	r.more(t, 70) // the clip has a keyframe every 60

	keyframes := func() (n int) {
		for _, u := range r.video() {
			if u.Key {
				n++
			}
		}
		return n
	}
	had := keyframes()
	asked := time.Now()
	if err := r.RequestKeyframe(); err != nil {
		t.Fatal(err)
	}
	if err := poll(t.Context(), patience, func() bool { return keyframes() > had }); err != nil {
		t.Errorf("no keyframe %v after asking for one", time.Since(asked))
	}
	r.more(t, 10)

	source.kill()
	waitGone(t, g, "live/refresh")
	pass(t, time.Second)
	seen := len(r.video())
	for range 3 {
		if err := r.RequestKeyframe(); err != nil {
			t.Fatal(err)
		}
		pass(t, 600*time.Millisecond) // longer than requests are held back
	}
	if more := len(r.video()) - seen; more > 0 {
		t.Errorf("%d pictures after the publisher's end, for asking", more)
	}

	g.publish(zeroLatency, "live/refresh")
	r.more(t, 30)
	r.leave(t)
	r.flawless(t)
}
