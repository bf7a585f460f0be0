package playout

import (
	"context"
	"errors"
	"testing"

	"millrace/transmux/access"
	"millrace/transmux/bus"
)

// TestHowManyMayWatch one stream and from one address; and what is changed
// meanwhile holds for those who come.
func TestHowManyMayWatch(t *testing.T) {
	hub := live(t, "a")
	other, err := hub.Publish("b", bus.PublisherInfo{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	gate := New(hub, Config{Limits: Limits{PerStream: 2, PerAddress: 2}, Authorize: permits(access.Permit{})})
	come := func(stream, remote string) error {
		_, leave, err := gate.Open(context.Background(), Request{Stream: stream, Remote: remote})
		if err == nil {
			t.Cleanup(func() { leave(nil) })
		}
		return err
	}
	for i, tt := range []struct {
		stream, remote string
		want           error
	}{
		{"a", "192.0.2.1:1", nil},
		{"a", "192.0.2.2:1", nil},
		{"a", "192.0.2.3:1", ErrStreamFull},
		{"a", "192.0.2.3:1", ErrTooManyViewers},
		{"b", "192.0.2.1:2", nil},
		{"b", "192.0.2.1:3", ErrTooManyOfYours},
	} {
		if err := come(tt.stream, tt.remote); !errors.Is(err, tt.want) {
			t.Errorf("%d: %v, want %v", i, err, tt.want)
		}
	}
	if n := gate.Refusals(); n[LimitPerStream] != 2 || n[LimitPerAddress] != 1 || n[LimitViewers] != 0 {
		t.Errorf("counted %v", n)
	}
	gate.Configure(Limits{Viewers: 4})
	if err := come("a", "192.0.2.1:4"); err != nil {
		t.Errorf("the limits that are gone hold still: %v", err)
	}
	if err := come("a", "192.0.2.9:4"); !errors.Is(err, ErrTooManyViewers) || errors.Is(err, ErrStreamFull) {
		t.Errorf("the new limit does not hold: %v", err)
	}
	if n := gate.Viewers(); n != 4 {
		t.Errorf("%d are in", n)
	}
}
