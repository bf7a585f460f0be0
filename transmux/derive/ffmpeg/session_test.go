package ffmpeg

import (
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"millrace/transmux/av"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// made collects what a session makes.
type made struct {
	mu     sync.Mutex
	tracks []av.Track
	frames []*av.Frame
	at     []time.Time
}

func (m *made) Announce(t av.Track) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tracks = append(m.tracks, t)
}

func (m *made) Write(f *av.Frame) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.frames = append(m.frames, f)
	m.at = append(m.at, time.Now())
}

func (m *made) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.frames)
}

func newProgram(t *testing.T, cfg Config) *Program {
	t.Helper()
	p := New(cfg, slog.New(slog.NewTextHandler(testWriter{t}, nil)))
	t.Cleanup(p.Close)
	return p
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Logf("%s", b)
	return len(b), nil
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !done() {
		select {
		case <-deadline:
			t.Fatalf("not within 20 s: %s", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// TestPicturesKeepTheirTimes: of every picture that goes in one comes out, in the
// order they are shown in, with the time it had.
func TestPicturesKeepTheirTimes(t *testing.T) {
	track, frames := readClip(t, obsDefault, av.Video)
	frames = frames[:150] // 5 s
	track.Reordered = true
	p := newProgram(t, Config{})
	var out made
	s, err := p.Open(Job{Stream: "live/a", Target: H264, Source: track, FrameRate: 30, Bitrate: 2e6}, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	begun := time.Now()
	pace := os.Getenv("FFMPEG_PACE") != ""
	var wanted []time.Duration
	late := map[time.Duration]time.Time{}
	for _, f := range frames {
		if pace {
			time.Sleep(time.Until(begun.Add(f.DTS - frames[0].DTS)))
		}
		f.Arrived = time.Now()
		late[f.PTS] = f.Arrived
		if err := s.Write(f); err != nil {
			t.Fatal(err)
		}
		wanted = append(wanted, f.PTS)
	}
	slices.Sort(wanted)
	wanted = wanted[:len(wanted)-3] // the decoder waits for more
	await(t, "pictures", func() bool { return out.count() >= len(wanted) })
	s.Close()
	for i, f := range out.frames[:len(wanted)] {
		if f.PTS != wanted[i] || f.DTS != f.PTS || f.Type == av.Bidirectional || !f.Arrived.Equal(late[f.PTS]) {
			t.Errorf("picture %d at %v (%v), wanted %v", i, f.PTS, f.Type, wanted[i])
		}
		if pace {
			t.Logf("%d: %v %v after its arrival, %v after its time, %d bytes", i, f.Type, out.at[i].Sub(f.Arrived), out.at[i].Sub(begun)-(f.PTS-frames[0].DTS), f.Size())
		}
		if i%60 == 0 && f.Type != av.Key {
			t.Errorf("picture %d is no keyframe", i)
		}
	}
	if len(out.tracks) != 1 || out.tracks[0].Width != 1280 || out.tracks[0].Height != 720 {
		t.Errorf("%+v", out.tracks)
	}
	t.Log(p.Stats())
}
