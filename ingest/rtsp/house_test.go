package rtsp

import (
	"context"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"millrace/ingest"
	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
	"millrace/transmux/rtsp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait.
const patience = 20 * time.Second

// house is a bus with a door for publishers.
type house struct {
	t    *testing.T
	hub  *bus.Hub
	room *Room
	log  *avtest.Log
	addr string
}

// build opens the house until the test ends.
func build(t *testing.T, cfg ingest.Config, change ...func(*Room)) *house {
	t.Helper()
	h := &house{t: t, log: &avtest.Log{}, hub: bus.New(bus.Config{})}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.room = New(ingest.New(h.hub, cfg, log), log)
	for _, f := range change {
		f(h.room)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := rtsp.ListenPair("127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	h.addr = l.Addr().String()
	server := rtsp.New(rtsp.Config{}, h.room, nobody{}, log)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		if err := server.Serve(ctx, rtsp.Listener{TCP: l, UDP: pair}); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		work.Wait()
		h.hub.Close()
		if t.Failed() && os.Getenv("SHOW_LOG") != "" {
			t.Log(h.log.String())
		}
	})
	return h
}

// nobody watches here.
type nobody struct{}

func (nobody) Describe(context.Context, rtsp.Peer, func(error)) (rtsp.Viewing, error) {
	return nil, &rtsp.Refusal{Status: rtsp.StatusNotFound, Words: "nothing", Err: bus.ErrNotLive}
}

func (h *house) url(name string) string { return "rtsp://" + h.addr + "/" + name }

// until polls for a condition.
func (h *house) until(what string, holds func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			h.t.Fatalf("not in time: %s\n%s", what, h.log)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// says waits for a line of the log.
func (h *house) says(text string) {
	h.t.Helper()
	h.until("log of "+text, func() bool { return strings.Contains(h.log.String(), text) })
}

// tracks waits for so many tracks with that many frames each and returns them.
func (h *house) tracks(name string, n int, frames uint64) []bus.TrackSnapshot {
	h.t.Helper()
	var s bus.Snapshot
	h.until("tracks", func() bool {
		var ok bool
		if s, ok = h.hub.Stream(name); !ok || len(s.Tracks) != n {
			return false
		}
		for _, t := range s.Tracks {
			if t.Frames < frames {
				return false
			}
		}
		return true
	})
	return s.Tracks
}

// collect reads n frames of a stream from its newest keyframe on.
func (h *house) collect(name string, n int) (frames []*av.Frame) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	sub, err := h.hub.Subscribe(ctx, name)
	if err != nil {
		h.t.Fatal(err)
	}
	defer sub.Close()
	var ids [3]av.TrackID
	for _, t := range sub.Stream().Catalog().Tracks {
		ids[t.Kind] = t.ID
	}
	sub.Follow(ids[av.Video], ids[av.Audio])
	for range n {
		f, err := sub.Next(ctx)
		if err != nil {
			h.t.Fatalf("%v\n%s", err, h.log)
		}
		frames = append(frames, f)
	}
	return frames
}
