package diagnosis

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"millrace/transmux/bus"
	"millrace/transmux/journal"
)

func TestRecent(t *testing.T) {
	var r Recent
	r.Note("a", "first", now)
	r.Note("a", "second", now.Add(time.Minute))
	r.Note("b", "", now)
	if got := r.Of("a", now.Add(2*time.Minute)); got.Count != 2 || got.Words != "second" || !got.Last.Equal(now.Add(time.Minute)) {
		t.Errorf("%+v", got)
	}
	if got := r.Of("a", now.Add(recentFor+30*time.Second)); got.Count != 1 {
		t.Errorf("later: %+v", got)
	}
	for i := range 3 * maxRecent {
		r.Note(strings.Repeat("x", 1000), fmt.Sprint(i), now)
	}
	if len(r.ring) != maxRecent || r.Of("a", now).Count != 0 || len(r.ring[0].stream) != maxWords {
		t.Errorf("%d kept", len(r.ring))
	}
}

func TestRoom(t *testing.T) {
	j := journal.New("n", 5000)
	j.Tell(journal.Event{Kind: journal.PublisherStopped, Stream: "live/a", Protocol: "rtmp", Cause: "old"})
	j.Tell(journal.Event{Kind: journal.PublisherStopped, Stream: "live/a", Protocol: "rtmp", Cause: "EOF"})
	for range 3 * page {
		j.Tell(journal.Event{Kind: journal.PublisherStarted, Stream: "live/b"})
	}
	hub := bus.New(bus.Config{})
	defer hub.Close()
	for _, name := range []string{"live/A", "live/c"} {
		if _, err := hub.Publish(name, bus.PublisherInfo{Protocol: "rtmp"}); err != nil {
			t.Fatal(err)
		}
	}
	room := New(Config{Journal: j}, hub, judge)
	room.Refused("live/a", "no key")
	room.Connected("live/a")
	room.Unreachable("live/a")
	r := room.Diagnose(t.Context(), "live/a", Caller{All: true})
	if c := r.Checks[0]; c.Code != "wrong_name" || !strings.Contains(c.Seen, "EOF") || !strings.Contains(c.Seen, "live/A, live/c") {
		t.Errorf("%+v", c)
	}
	if c := r.Checks[1]; c.Code != "publisher_refused" || !strings.Contains(c.Seen, "no key") {
		t.Errorf("%+v", c)
	}
	for _, c := range r.Checks {
		if c.ID == "connecting" && (c.Verdict != Warning || !strings.Contains(c.Seen, "1 sessions connected and 1 did not")) {
			t.Errorf("%+v", c)
		}
	}
	if r.Verdict != Bad || r.Stream != "live/a" {
		t.Errorf("%+v", r)
	}
	seen := func(stream string) bool { return stream == "live/c" }
	if c := room.Diagnose(t.Context(), "live/a", Caller{Sees: seen}).Checks[0]; strings.Contains(c.Seen, "live/A") {
		t.Errorf("told of another's: %+v", c)
	}
	if c := room.Diagnose(t.Context(), "live/c", Caller{}).Checks[0]; c.Verdict != OK {
		t.Errorf("%+v", c)
	}
	for range lookBack {
		j.Tell(journal.Event{})
	}
	if d := departure(j, "live/a"); d != nil {
		t.Errorf("found hours ago: %+v", d)
	}
}
