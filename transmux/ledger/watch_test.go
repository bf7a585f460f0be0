package ledger

import (
	"testing"
	"time"
)

// notes are what a Watcher hears.
type notes struct{ entered, left []string }

func (n *notes) Entered(s *Session) { n.entered = append(n.entered, s.Stream) }

func (n *notes) Left(s *Session) {
	if s.ID == "" || time.Since(s.Since) > time.Hour {
		n.left = append(n.left, "nobody")
		return
	}
	n.left = append(n.left, s.Stream)
}

func TestAWatcherHearsOfEverySessionOnce(t *testing.T) {
	var n notes
	l := New(nil)
	l.Watch(&n)
	_, a := l.Enter(Session{Role: Publisher, Stream: "a"})
	_, b := l.Enter(Session{Role: Viewer, Stream: "b"})
	b(nil)
	a(nil)
	a(nil)
	if len(n.entered) != 2 || len(n.left) != 2 || n.left[0] != "b" || n.left[1] != "a" {
		t.Errorf("%+v", n)
	}
}
