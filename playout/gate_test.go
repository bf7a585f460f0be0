package playout

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"millrace/transmux/access"
	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/journal"
	"millrace/transmux/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// live is a hub with one stream in it.
func live(t *testing.T, name string) *bus.Hub {
	t.Helper()
	hub := bus.New(bus.Config{})
	t.Cleanup(hub.Close)
	p, err := hub.Publish(name, bus.PublisherInfo{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	p.SetTrack(av.Track{Kind: av.Video, Codec: av.H264})
	return hub
}

// permits is an Authorizer that lets in on conditions.
func permits(p access.Permit) Authorizer {
	return func(_ context.Context, r Request) error { *r.Permit = p; return nil }
}

func TestWhoIsLetIn(t *testing.T) {
	hub := live(t, "a")
	denied := &access.Refusal{Kind: access.ErrWrong, Words: "no"}
	for name, tt := range map[string]struct {
		gate   *Gate
		stream string
		want   error
	}{
		"open":        {New(hub, Config{}), "a", nil},
		"not live":    {New(hub, Config{}), "b", bus.ErrNotLive},
		"not allowed": {New(hub, Config{Authorize: func(context.Context, Request) error { return denied }}), "a", access.ErrWrong},
	} {
		_, leave, err := tt.gate.Open(context.Background(), Request{Stream: tt.stream})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			leave(nil)
		}
		if n := tt.gate.Viewers(); n != 0 {
			t.Errorf("%s: %d viewers stay", name, n)
		}
	}
}

func TestPlaces(t *testing.T) {
	gate := New(live(t, "a"), Config{Limits: Limits{Viewers: 3}, Authorize: permits(access.Permit{Holder: "x", Viewers: 2})})
	enter := func() (func(error), error) {
		_, leave, err := gate.Open(context.Background(), Request{Stream: "a"})
		return leave, err
	}
	first, err := enter()
	if err != nil {
		t.Fatal(err)
	}
	second, err := enter()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := enter(); !errors.Is(err, access.ErrForbidden) || !errors.Is(err, ErrDenied) || gate.Viewers() != 2 {
		t.Errorf("a third viewer of two: %v", err)
	}
	first(nil)
	if first, err = enter(); err != nil {
		t.Errorf("a place that was left: %v", err)
	}
	first(nil)
	second(nil)
	if n := gate.Viewers(); n != 0 {
		t.Errorf("%d viewers stay", n)
	}
	full := New(live(t, "a"), Config{Limits: Limits{Viewers: 1}})
	_, leave, err := full.Open(context.Background(), Request{Stream: "a"})
	if err != nil {
		t.Fatal(err)
	}
	defer leave(nil)
	if _, _, err := full.Open(context.Background(), Request{Stream: "a"}); !errors.Is(err, ErrTooManyViewers) {
		t.Errorf("one too many: %v", err)
	}
}

// TestPermitsEnd: who is in when its permit ends is told so; who has left is not.
func TestPermitsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := New(live(t, "a"), Config{Authorize: permits(access.Permit{Until: time.Now().Add(time.Minute)})})
		ended := make(chan error, 2)
		enter := func() func(error) {
			_, leave, err := gate.Open(context.Background(), Request{Stream: "a", End: func(cause error) { ended <- cause }})
			if err != nil {
				t.Fatal(err)
			}
			return leave
		}
		enter()(nil)
		stays := enter()
		time.Sleep(time.Minute - time.Second)
		select {
		case err := <-ended:
			t.Errorf("ended early: %v", err)
		default:
		}
		time.Sleep(2 * time.Second)
		if err := <-ended; !errors.Is(err, access.ErrExpired) {
			t.Error(err)
		}
		stays(nil)
		synctest.Wait()
		if len(ended) != 0 {
			t.Error("who had left was ended")
		}
	})
}

// TestTheLastOneSaysWhy: the event of the last viewer's leaving has its cause.
func TestTheLastOneSaysWhy(t *testing.T) {
	events := journal.New("n", 0)
	gate := New(live(t, "a"), Config{Ledger: ledger.New(events)})
	var leaves []func(error)
	for range 2 {
		_, leave, err := gate.Open(t.Context(), Request{Stream: "a", Protocol: "whep"})
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leave)
	}
	leaves[1](errors.New("bored"))
	leaves[0](errors.New("hungry"))
	all, _ := events.After(0, 10)
	if len(all) != 2 || all[1].Kind != journal.LastViewer || all[1].Cause != "hungry" {
		t.Errorf("%+v", all)
	}
}
