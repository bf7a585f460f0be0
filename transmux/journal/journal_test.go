package journal

import (
	"testing"
)

func TestWhoFollowsMissesNothingThatIsKept(t *testing.T) {
	j := New("node1", 3)
	changed := j.Changed()
	for range 2 {
		j.Tell(Event{Kind: PublisherStarted, Stream: "live/demo"})
	}
	select {
	case <-changed:
	default:
		t.Error("nobody was told")
	}
	events, missed := j.After(0, 10)
	if len(events) != 2 || missed != 0 || events[0].Seq != 1 || events[1].Node != "node1" || events[1].At.IsZero() {
		t.Errorf("%+v, %d missed", events, missed)
	}
	if seq, ok := j.SeqOf(events[1].ID); !ok || seq != 2 {
		t.Errorf("%s is %d, %v", events[1].ID, seq, ok)
	}
	for range 3 {
		j.Tell(Event{Kind: PublisherStopped})
	}
	events, missed = j.After(1, 2)
	if len(events) != 2 || missed != 1 || events[0].Seq != 3 || events[1].Seq != 4 {
		t.Errorf("%+v, %d missed", events, missed)
	}
	if events, missed = j.After(99, 2); len(events) != 0 || missed != 0 {
		t.Errorf("from the future: %+v, %d", events, missed)
	}
}

func TestForeignIDs(t *testing.T) {
	j, other := New("a", 0), New("a", 0)
	j.Tell(Event{})
	other.Tell(Event{})
	events, _ := other.After(0, 1)
	for _, id := range []string{"", "-", "x-1", events[0].ID, j.boot, j.boot + "-", j.boot + "-x", j.boot + "-2"} {
		if _, ok := j.SeqOf(id); ok {
			t.Errorf("%q is taken for one of ours", id)
		}
	}
}

func TestNoJournal(t *testing.T) {
	var j *Journal
	j.Tell(Event{})
	if events, missed := j.After(0, 1); events != nil || missed != 0 || j.Last() != 0 || j.Changed() != nil {
		t.Error("a nil journal remembers")
	}
}
