package derive

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
	"millrace/transmux/derive/ffmpeg"
)

// fakeFFmpeg can all that is asked for, and makes nothing.
func fakeFFmpeg(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ffmpeg")
	script := "#!/bin/sh\nif [ \"$1\" = -encoders ]; then\necho ' V....D libx264 '\necho ' A..... libopus '\nexit 0\nfi\ncat >/dev/null\n"
	if err := os.WriteFile(file, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func newRoom(t *testing.T, cfg Config) *Room {
	t.Helper()
	cfg.FFmpeg.Path = fakeFFmpeg(t)
	r := New(cfg, slog.New(slog.NewTextHandler(io.Discard, nil)))
	t.Cleanup(r.Close)
	return r
}

func reorderedH264() av.Track {
	t := avtest.H264Track()
	t.Reordered = true
	return t
}

func TestJudgeWithFFmpeg(t *testing.T) {
	r := newRoom(t, Config{Video: func(stream string) bool { return stream != "live/plain" }})
	he := avtest.AACConfigs()[5].Track()
	for name, c := range map[string]struct {
		stream  string
		track   av.Track
		how     Way
		players string // of RTSP and RTMP
	}{
		"H.264":                    {"live/a", avtest.H264Track(), Pass, "pass pass"},
		"H.264, B-frames":          {"live/a", reorderedH264(), Derive, "pass pass"},
		"H.264, B-frames, not so":  {"live/plain", reorderedH264(), Pass, "pass pass"},
		"H.265":                    {"live/a", av.Track{Kind: av.Video, Codec: av.H265}, Derive, "pass pass"},
		"H.265, where it is off":   {"live/plain", av.Track{Kind: av.Video, Codec: av.H265}, No, "pass pass"},
		"H.264, 10 bits":           {"live/a", av.Track{Kind: av.Video, Codec: av.H264, Profile: "High 10 4.0"}, Derive, "pass pass"},
		"10 bits, where it is off": {"live/plain", av.Track{Kind: av.Video, Codec: av.H264, Profile: "High 10 4.0"}, No, "pass pass"},
		"VP9, 10 bits":             {"live/a", av.Track{Kind: av.Video, Codec: av.VP9, Profile: "Profile 2"}, Derive, "pass pass"},
		"VP9":                      {"live/a", av.Track{Kind: av.Video, Codec: av.VP9, Profile: "Profile 0"}, Pass, "pass pass"},
		"VP8":                      {"live/a", av.Track{Kind: av.Video, Codec: av.VP8}, Pass, "pass no"},
		"HE-AAC":                   {"live/plain", he, Derive, "pass pass"},
		"E-AC-3":                   {"live/a", av.Track{Kind: av.Audio, Codec: av.EAC3}, Derive, "no pass"},
		"FLAC without its header":  {"live/a", av.Track{Kind: av.Audio, Codec: av.FLAC}, No, "no pass"},
		"G.711":                    {"live/a", av.Track{Kind: av.Audio, Codec: av.PCMU}, Pass, "pass no"},
		"what was made of another": {"live/a", av.Track{Kind: av.Video, Codec: av.H264, DerivedFrom: 1}, Pass, "pass pass"},
	} {
		v := r.Judge(c.stream, &c.track)
		if v.How != c.how || v.How == Derive && v.Why == "" {
			t.Errorf("%s: %s (%s), want %s", name, v.How, v.Why, c.how)
		}
		if len(v.Players) != 3 || string(v.Players[1].How)+" "+string(v.Players[2].How) != c.players {
			t.Errorf("%s: %+v, want %s", name, v.Players, c.players)
		}
	}
}

// streaming is a hub with streams of one track each.
func streaming(t *testing.T, hub *bus.Hub, name string, track av.Track) (*bus.Stream, *bus.Publisher, *av.Track) {
	t.Helper()
	p, err := hub.Publish(name, bus.PublisherInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Stream(), p, p.SetTrack(track)
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// TestWhoNeedsIt: one process for all who need it, none for those who do not.
func TestWhoNeedsIt(t *testing.T) {
	r := newRoom(t, Config{Linger: -1})
	hub := bus.New(bus.Config{})
	defer hub.Close()
	s, _, _ := streaming(t, hub, "live/a", av.Track{Kind: av.Video, Codec: av.H265})
	running := func(n int) func() bool { return func() bool { return r.Stats().FFmpeg.Running == n } }

	takesIt := r.Want(s, Taking(av.H264, av.H265, av.Opus))
	doesNot := r.Want(s, Taking(av.H264, av.Opus))
	another := InOrder{r}.Want(s, []av.Codec{av.Opus, av.H264})
	eventually(t, "one process", running(1))
	doesNot()
	eventually(t, "one process for the other", running(1))
	another()
	eventually(t, "none for who takes it as it is", running(0))
	if n := r.Stats().FFmpeg.Started[ffmpeg.H264]; n != 1 {
		t.Errorf("%d were started", n)
	}
	takesIt()

	// B-frames are a reason only to those who do not show them.
	s, p, h264 := streaming(t, hub, "live/b", avtest.H264Track())
	defer r.Want(s, reordered(av.H264))()
	browser := r.Want(s, browsers)
	p.Write(avtest.Frame(h264, av.Key, 0, 0, 1))
	p.Write(avtest.Frame(h264, av.Bidirectional, 1, time.Millisecond, 1))
	eventually(t, "one for the browser", running(1))
	browser()
	eventually(t, "none for the player", running(0))
}

// TestTheLimitIsTold: who is beyond it gets what there is, and what is missing when
// there is room.
func TestTheLimitIsTold(t *testing.T) {
	r := newRoom(t, Config{Linger: -1, FFmpeg: ffmpeg.Config{MaxProcesses: 1}})
	hub := bus.New(bus.Config{})
	defer hub.Close()
	a, _, _ := streaming(t, hub, "live/a", reorderedH264())
	b, _, second := streaming(t, hub, "live/b", reorderedH264())
	first := r.Want(a, browsers)
	eventually(t, "the first", func() bool { return r.Stats().FFmpeg.Running == 1 })
	defer r.Want(b, browsers)()
	eventually(t, "the verdict", func() bool {
		v := r.Judge("live/b", second)
		return v.How == Pass && strings.Contains(v.Why, "derive.max_processes")
	})
	if got := r.Stats(); got.FFmpeg.Refused == 0 || got.Restarts != 0 {
		t.Errorf("%+v", got)
	}
	first()
	eventually(t, "the second", func() bool { return r.Stats().FFmpeg.Started[ffmpeg.H264] == 2 })
}

// TestAPublisherThatNeedsNothing ends what was made for the one before.
func TestAPublisherThatNeedsNothing(t *testing.T) {
	r := newRoom(t, Config{})
	hub := bus.New(bus.Config{})
	defer hub.Close()
	s, p, _ := streaming(t, hub, "live/a", reorderedH264())
	defer r.Want(s, browsers)()
	eventually(t, "one process", func() bool { return r.Stats().FFmpeg.Running == 1 })
	p.Close()
	streaming(t, hub, "live/a", avtest.H264Track())
	eventually(t, "none", func() bool { return r.Stats().FFmpeg.Running == 0 })
}
