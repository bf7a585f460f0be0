package ingest

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/access"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// enter lets a publisher in on conditions, and gives where its end is told.
func enter(ctx context.Context, t *testing.T, permit access.Permit, told bool) (*bus.Publisher, <-chan error) {
	t.Helper()
	hub := bus.New(bus.Config{})
	t.Cleanup(hub.Close)
	gate := New(hub, Config{Authorize: func(_ context.Context, r Request) error { *r.Permit = permit; return nil }}, slog.New(slog.DiscardHandler))
	ended := make(chan error, 2)
	r := Request{Name: "live/a"}
	if told {
		r.End = func(cause error) { ended <- cause }
	}
	p, err := gate.Open(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, ended
}

// send writes frames of that many bytes in all, one a second, for that long.
func send(p *bus.Publisher, seconds, bytesPerSecond int) {
	track := p.SetTrack(avtest.H264Track())
	start := time.Now()
	for i := range seconds {
		f := avtest.Frame(track, 1, uint64(i), time.Since(start), 1)
		f.Parts = [][]byte{make([]byte, bytesPerSecond)}
		p.Write(f)
		time.Sleep(time.Second)
	}
}

func TestPermitsOfPublishersEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, ended := enter(ctx, t, access.Permit{Until: time.Now().Add(time.Minute)}, true)
		time.Sleep(time.Minute - time.Second)
		if len(ended) != 0 {
			t.Fatal("ended early")
		}
		time.Sleep(2 * time.Second)
		if err := <-ended; !errors.Is(err, access.ErrExpired) {
			t.Error(err)
		}

		gone, leave := context.WithCancel(t.Context())
		_, ended = enter(gone, t, access.Permit{Until: time.Now().Add(time.Minute), Bitrate: 1}, true)
		leave()
		time.Sleep(time.Hour)
		if len(ended) != 0 {
			t.Error("who had left was ended")
		}

		p, _ := enter(ctx, t, access.Permit{Until: time.Now().Add(time.Minute)}, false)
		time.Sleep(2 * time.Minute)
		send(p, 1, 1000)
		if snap := p.Stream().Snapshot(); snap.Frames != 0 {
			t.Error("one that cannot be told publishes on")
		}
	})
}

func TestBitrateOfPublishers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		permit := access.Permit{Bitrate: 1_000_000}
		p, ended := enter(ctx, t, permit, true)
		send(p, 60, 125_000)
		if len(ended) != 0 {
			t.Fatalf("ended at its own rate: %v", <-ended)
		}
		send(p, 25, 200_000)
		if len(ended) != 1 || !errors.Is(<-ended, access.ErrBitrate) {
			t.Error("it may send what it likes")
		}
	})
}
