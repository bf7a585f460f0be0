package ledger

import (
	"errors"
	"slices"
	"testing"

	"millrace/transmux/journal"
)

func TestComingAndGoing(t *testing.T) {
	j := journal.New("n", 0)
	l := New(j)
	var ended error
	id, stop := l.Enter(Session{Role: Publisher, Stream: "live/a", End: func(err error) { ended = err }})
	_, first := l.Enter(Session{Role: Viewer, Stream: "live/a"})
	second, then := l.Enter(Session{Role: Viewer, Stream: "live/a"})
	if all := l.Sessions(); len(all) != 3 || all[0].ID != id {
		t.Errorf("%+v", all)
	}
	if !l.Kick(id) || !errors.Is(ended, ErrKicked) {
		t.Errorf("kicked with %v", ended)
	}
	if l.Kick(second) || l.Kick("nobody") {
		t.Error("ended who cannot be")
	}
	first(nil)
	first(nil)
	then(nil)
	stop(errors.New("tired"))
	if all := l.Sessions(); len(all) != 0 {
		t.Errorf("left over: %+v", all)
	}
	var kinds []journal.Kind
	events, _ := j.After(0, 100)
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	want := []journal.Kind{journal.PublisherStarted, journal.FirstViewer, journal.LastViewer, journal.PublisherStopped}
	if !slices.Equal(kinds, want) || events[3].Cause != "tired" || events[0].Session != id {
		t.Errorf("%v: %+v", kinds, events)
	}
}
