package e2e

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/rtc/peer"
)

// TestRestart: a publisher dies and comes back within the time a stream waits for
// it; its viewer stays in the session and sees it again.
func TestRestart(t *testing.T) {
	g := start(t)
	first := g.publish(zeroLatency, "live/restart")
	g.waitLive("live/restart")
	r := g.watch(withDeadline(t, patience), "live/restart")
	r.more(t, 60)
	for round := range 2 {
		before := len(r.audio())
		first.kill()
		waitGone(t, g, "live/restart")
		if s, ok := g.stream("live/restart"); !ok || s.Live {
			t.Fatalf("while the publisher is away the stream should be there and not live: %+v", s)
		} else {
			contains(t, s.Warnings, "publisher_gone")
		}
		pass(t, 2*time.Second)
		had := len(r.video())
		begun := time.Now()
		first = g.publish(zeroLatency, "live/restart")
		r.more(t, 60)
		units := r.video()
		if u := units[had]; !u.Key || !u.Parameters || !u.Complete {
			t.Errorf("the new publisher's first picture is no whole keyframe: %s", describe(u))
		}
		t.Logf("restart %d: picture again %v after the encoder was started, RTP time went on by %v over a silence of %v", round,
			units[had].Last.Sub(begun), time.Duration(units[had].Timestamp-units[had-1].Timestamp)*time.Second/90000,
			units[had].Last.Sub(units[had-1].Last))
		if len(r.audio()) < before+20 {
			t.Errorf("no sound after restart %d", round)
		}
		if s, _ := g.stream("live/restart"); int(s.Generation) != round+2 {
			t.Errorf("generation %d after restart %d", s.Generation, round)
		}
	}
	if r.Err() != nil {
		t.Errorf("the session ended: %v", r.Err())
	}
	synced(t, r)
	r.leave(t)
	r.flawless(t)
}

// synced wants the newest sender reports to tell the truth about new pictures and
// sounds after the restarts.
func synced(t *testing.T, r *recorder) {
	t.Helper()
	reports := [2]uint64{r.Stats(av.Video).Reports, r.Stats(av.Audio).Reports}
	err := poll(t.Context(), patience, func() bool {
		return r.Stats(av.Video).Reports > reports[0] && r.Stats(av.Audio).Reports > reports[1]
	})
	if err != nil {
		t.Fatalf("no sender reports: %v", err)
	}
	units, sounds := r.video(), r.audio()
	u, s := units[len(units)-1], sounds[len(sounds)-1]
	v := behind(u.Timestamp, u.Last, 90000, r.Stats(av.Video).LastReport)
	a := behind(s.timestamp, s.arrived, 48000, r.Stats(av.Audio).LastReport)
	t.Logf("after the restarts the newest picture was %v old, the newest sound %v", v, a)
	if v.Abs() > slack(liveEdge) || a.Abs() > slack(liveEdge) || (v-a).Abs() > slack(liveEdge) {
		t.Errorf("picture %v and sound %v behind", v, a)
	}
}

func waitGone(t *testing.T, g *gateway, name string) {
	t.Helper()
	err := poll(t.Context(), patience, func() bool {
		s, ok := g.stream(name)
		return !ok || !s.Live
	})
	if err != nil {
		t.Fatalf("%s is still live", name)
	}
}

// TestGone: a publisher that stays away for longer. The viewer is told, and who
// asks then is told when to ask again.
func TestGone(t *testing.T) {
	const linger = 2 * time.Second
	g := start(t, "MILLRACE_STREAM_LINGER="+linger.String())
	source := g.publish(zeroLatency, "live/gone")
	g.waitLive("live/gone")
	r := g.watch(withDeadline(t, patience), "live/gone")
	if err := r.WaitKeyframe(t.Context()); err != nil {
		t.Fatal(err)
	}
	killed := time.Now() // before, not after: its end may take a moment to be heard of here
	source.kill()
	select {
	case <-r.Done():
	case <-time.After(linger + patience):
		t.Fatal("the session goes on without a stream")
	}
	t.Logf("the session ended %v after the publisher's death, with a linger of %v", time.Since(killed), linger)
	if !errors.Is(r.Err(), peer.ErrGoodbye) {
		t.Errorf("ended with %v, wanted a goodbye", r.Err())
	}
	if time.Since(killed) < linger {
		t.Error("the stream did not wait for its publisher")
	}
	_, err := peer.Watch(withDeadline(t, patience), g.whep("live/gone"), g.options())
	var status *peer.StatusError
	if !errors.As(err, &status) {
		t.Fatalf("got %v", err)
	}
	if status.Status != http.StatusConflict || status.RetryAfter <= 0 || status.Problem.Title == "" || status.Problem.Detail == "" {
		t.Errorf("got %+v", status)
	}

	g.publish(zeroLatency, "live/gone")
	g.waitLive("live/gone")
	again := g.watch(withDeadline(t, patience), "live/gone")
	again.more(t, 30)
	again.leave(t)
	again.flawless(t)
}
