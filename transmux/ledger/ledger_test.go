package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"
	"testing"
	"time"

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

// TestDescribe: what a publisher sends is told while it is here, and of the newer one
// where another is about to leave.
func TestDescribe(t *testing.T) {
	j := journal.New("n", 0)
	l := New(j)
	tracks := []journal.Track{{Kind: "video", Codec: "H264", Profile: "High 4.0", Width: 1280, Height: 720, BFrames: true, Rendition: "h"}, {Kind: "audio", Codec: "opus", SampleRate: 48000, Channels: 2}}
	_, leave := l.Enter(Session{Role: Viewer, Stream: "live/a"})
	if l.Describe("live/a", tracks) {
		t.Error("a viewer sends something")
	}
	leave(nil)
	now := time.Now()
	_, old := l.Enter(Session{Role: Publisher, Stream: "live/a", Since: now.Add(-time.Hour), Remote: "old"})
	id, stop := l.Enter(Session{Role: Publisher, Stream: "live/a", Since: now, Remote: "new"})
	if l.Describe("live/b", tracks) || !l.Describe("live/a", tracks) {
		t.Error("of the wrong one")
	}
	events, _ := j.After(j.Last()-1, 1)
	e := events[0]
	if e.Kind != journal.PublisherChanged || e.Session != id || e.Remote != "new" || !slices.Equal(e.Tracks, tracks) ||
		e.Detail != "H264 High 4.0 1280x720 with B-frames (h), opus 48000 Hz 2 channels" {
		t.Errorf("%+v", e)
	}
	old(nil)
	stop(nil)
	if l.Describe("live/a", tracks) || (*Ledger)(nil).Describe("live/a", nil) {
		t.Error("after the end")
	}
}

// TestWords: causes are for people.
func TestWords(t *testing.T) {
	for want, cause := range map[string]error{
		"": nil, "tired": errors.New("tired"), ErrKicked.Error(): fmt.Errorf("%w", ErrKicked),
		"the gateway is shutting down":   context.Canceled,
		"the peer closed the connection": fmt.Errorf("rtmp: %w", io.ErrUnexpectedEOF),
		"the connection broke":           &net.OpError{Op: "read", Err: syscall.ECONNRESET},
	} {
		if got := words(cause); got != want {
			t.Errorf("%v is %q, want %q", cause, got, want)
		}
	}
}
