package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"millrace/cmd/millrace/drain"
	"millrace/ingest"
	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
	"millrace/transmux/derive"
	"millrace/transmux/journal"
	"millrace/transmux/ledger"
)

// scene is what tells the journal, in a bubble of time.
type scene struct {
	g    *gateway
	gate *ingest.Gate
}

func onScene(t *testing.T, play func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		g := &gateway{log: slog.New(slog.DiscardHandler), hub: bus.New(bus.Config{}), journal: journal.New("node-1", 0)}
		g.door = &door{Hub: g.hub}
		g.ledger = ledger.New(g.journal)
		g.furnishEvents()
		s := &scene{g: g, gate: ingest.New(toldDoor{g.door, g.tracks}, ingest.Config{Ledger: g.ledger}, g.log)}
		ctx, stop := context.WithCancel(context.Background())
		var work sync.WaitGroup
		work.Go(func() { _ = g.tracks.run(ctx) })
		defer work.Wait()
		defer stop()
		defer g.hub.Close()
		play(s)
	})
}

// events are those told since the last call.
func (s *scene) events(after uint64) []journal.Event {
	time.Sleep(3 * settling)
	synctest.Wait()
	list, _ := s.g.journal.After(after, 1000)
	return list
}

// TestChangesOfAPublisher: what it sends is told once it is complete, when it
// changes, and not when a track is made of it; it is the session's.
func TestChangesOfAPublisher(t *testing.T) {
	onScene(t, func(s *scene) {
		ctx, leave := context.WithCancelCause(context.Background())
		p, err := s.gate.Open(ctx, ingest.Request{Name: "live/a", Protocol: "rtmp", Remote: "192.0.2.1:5", Encoder: "obs"})
		if err != nil {
			t.Fatal(err)
		}
		video := p.SetTrack(avtest.H264Track())
		time.Sleep(settling / 3)
		p.SetTrack(avtest.AACTrack())
		list := s.events(0)
		if len(list) != 2 || list[1].Kind != journal.PublisherChanged || len(list[1].Tracks) != 2 ||
			list[1].Session != list[0].Session || list[1].Agent != "obs" || list[1].Detail == "" {
			t.Fatalf("%+v", list)
		}
		made := p.Stream().Derive(av.Track{Kind: av.Audio, Codec: av.Opus, DerivedFrom: 2})
		p.SetTrack(*video) // the same once more
		if list := s.events(2); len(list) != 0 {
			t.Errorf("told of nothing new: %+v", list)
		}
		made.Close()
		larger := *video
		larger.Width, larger.Height = 1920, 1080
		video = p.SetTrack(larger)
		p.Write(&av.Frame{Track: video, Type: av.Key, Parts: [][]byte{{1}}})
		p.Write(&av.Frame{Track: video, Type: av.Bidirectional, Parts: [][]byte{{1}}})
		list = s.events(2)
		if len(list) != 1 || !list[0].Tracks[0].BFrames || list[0].Tracks[0].Width != 1920 {
			t.Errorf("%+v", list)
		}
		p.SetTrack(avtest.OpusTrack())
		p.Close()
		leave(errors.New("tired"))
		list = s.events(3)
		if len(list) != 1 || list[0].Kind != journal.PublisherStopped || list[0].Cause != "tired" {
			t.Errorf("at the end: %+v", list)
		}
		if n := len(s.g.tracks.watched); n != 0 {
			t.Errorf("%d are watched that are over", n)
		}
	})
}

// TestEveryKindIsAsThePageSays compares what the tellers tell with the examples of
// docs/events.md: each has the same fields.
func TestEveryKindIsAsThePageSays(t *testing.T) {
	onScene(t, func(s *scene) {
		j := s.g.journal
		ctx, leave := context.WithCancelCause(context.Background())
		p, err := s.gate.Open(ctx, ingest.Request{Name: "live/a", Protocol: "rtmp", Remote: "192.0.2.1:5", Encoder: "obs"})
		if err != nil {
			t.Fatal(err)
		}
		p.SetTrack(avtest.H264Track())
		s.events(0)
		_, gone := s.g.ledger.Enter(ledger.Session{Role: ledger.Viewer, Stream: "live/a", Protocol: "whep", Remote: "192.0.2.2:6", Agent: "browser"})
		gone(errors.New("the peer left"))
		p.Close()
		leave(errors.New("tired"))
		derived := derivedTeller{j}
		derived.Derived(derive.Change{What: derive.Started, Stream: "live/a", From: av.AAC, To: av.Opus, By: "ffmpeg"})
		derived.Derived(derive.Change{What: derive.Failed, Stream: "live/a", From: av.AAC, To: av.Opus, Cause: "broken"})
		derived.Derived(derive.Change{What: derive.Stopped, Stream: "live/a", From: av.AAC, To: av.Opus, Cause: "unwanted"})
		u, err := url.Parse("rtsp://admin:s3cret@192.0.2.3/a?key=s3cret")
		if err != nil {
			t.Fatal(err)
		}
		source := sourceTeller{j}
		source.Up(ingest.Source{Name: "live/door", URL: u})
		source.Down(ingest.Source{Name: "live/door", URL: u}, "unplugged")
		s.g.leaving = drain.New(drain.Config{Children: func() int { return 0 }}, slog.New(slog.DiscardHandler))
		s.g.leaving.Count(func() int { return 3 }, func() int { return 1 })
		s.g.tellDrain()
		j.Tell(journal.Event{Kind: journal.ConfigReloaded, Cause: "SIGHUP", Detail: "hooks"})

		page, seen := read(t, "docs/events.md"), map[journal.Kind]bool{}
		for _, e := range s.events(0) {
			seen[e.Kind] = true
			text, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(text, []byte("s3cret")) {
				t.Errorf("a secret is told: %s", text)
			}
			example := regexp.MustCompile(fmt.Sprintf("(?m)^{.*\"kind\": \"%s\".*$", e.Kind)).FindString(page)
			if got, want := keys(t, text), keys(t, []byte(example)); !slices.Equal(got, want) {
				t.Errorf("%s has the fields %v, and in docs/events.md %v", e.Kind, got, want)
			}
		}
		for _, kind := range journal.Kinds() {
			if !seen[kind] {
				t.Errorf("%s is not told", kind)
			}
		}
	})
}

func keys(t *testing.T, text []byte) []string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return slices.Sorted(maps.Keys(fields))
}
