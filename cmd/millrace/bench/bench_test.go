package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Logf("%s", bytes.TrimSpace(b))
	return len(b), nil
}

func newBench(t *testing.T) *Bench {
	t.Helper()
	program, err := executable()
	if err != nil {
		t.Fatal(err)
	}
	return &Bench{
		Executable: program, Environ: os.Environ(), Version: "test", Clip: read(t, clean),
		Out: testWriter{t}, Log: testWriter{t},
	}
}

func clientFor(t *testing.T) *http.Client {
	t.Helper()
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

// result reads back what a measurement wrote.
func result(t *testing.T, file string) *Result {
	t.Helper()
	r := &Result{}
	if err := json.Unmarshal(read(t, file), r); err != nil {
		t.Fatal(err)
	}
	return r
}

// small is a load that any machine bears while it does other things.
func small(file string) (Source, Crowd) {
	return Source{MarkEvery: 2, JSON: file},
		Crowd{Viewers: 4, Ramp: 20, Settle: 100 * time.Millisecond, Duration: 2 * time.Second, Processes: 2}
}

// TestFanout measures the real server, and wants what it says to hang together.
func TestFanout(t *testing.T) {
	for name, change := range map[string]func(*Crowd){
		"as it is":         func(*Crowd) {},
		"packet by packet": func(c *Crowd) { c.Plain, c.Eager = true, true },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			o := FanoutOptions{FloorTime: 200 * time.Millisecond}
			o.Source, o.Crowd = small(filepath.Join(t.TempDir(), "r.json"))
			change(&o.Crowd)
			if err := b.Fanout(t.Context(), "fanout", o); err != nil {
				t.Fatal(err)
			}
			r := result(t, o.JSON)
			if d := r.Delivery; d.Lost+d.Unopened+d.Unknown+d.Broken+d.Backward+d.Duplicates > 0 || len(d.Ended) > 0 {
				t.Errorf("delivery: %+v", d)
			}
			// Four viewers of 30 pictures a second of 11 packets, and of sound.
			if want := 4 * (r.Clip.PictureRate*r.Clip.Packets + 50) * r.Seconds; float64(r.Delivery.Packets) < want/2 || float64(r.Delivery.Packets) > want*2 {
				t.Errorf("%d packets, expected some %.0f", r.Delivery.Packets, want)
			}
			if r.Server == nil || r.Server.CPUPerPacket <= 0 || r.Server.Resident < 1<<20 || r.Server.Goroutines < 5 || r.Server.PacketsPerCall < 1 {
				t.Errorf("server: %+v", r.Server)
			}
			if r.Floor == nil || r.Floor.Seal <= 0 || r.Floor.Segmented <= 0 || r.Server.OverFloor <= 0 {
				t.Errorf("floor: %+v", r.Floor)
			}
			if r.Join.Connected.Count != 3 || r.Join.Keyframe.Median < r.Join.Connected.Median || len(r.Join.Failed) > 0 {
				t.Errorf("joins: %+v", r.Join)
			}
			if r.Added == nil || r.Added.Count < 40 || r.Added.Median <= 0 || (r.Read != nil) != o.Eager {
				t.Errorf("added latency: %+v, read: %+v", r.Added, r.Read)
			}
			if r.Tool == nil || r.Tool.Processes != 2 {
				t.Errorf("tool: %+v", r.Tool)
			}
		})
	}
}

func TestJoin(t *testing.T) {
	b := newBench(t)
	o := JoinOptions{Joins: 6, Rate: 20}
	o.Source, o.Crowd = small(filepath.Join(t.TempDir(), "r.json"))
	o.Duration, o.Processes = time.Second, 0
	if err := b.Join(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	r := result(t, o.JSON)
	if r.Join.Keyframe.Count != 6 || len(r.Join.Failed) > 0 || r.Quiet == nil || r.Quiet.Count == 0 {
		t.Errorf("%+v, before %+v", r.Join, r.Quiet)
	}
}

// TestManyStreams has as many viewers for each.
func TestManyStreams(t *testing.T) {
	b := newBench(t)
	o := FanoutOptions{}
	o.Source, o.Crowd = small(filepath.Join(t.TempDir(), "r.json"))
	o.Streams, o.Duration = 2, time.Second
	if err := b.Fanout(t.Context(), "fanout", o); err != nil {
		t.Fatal(err)
	}
	r := result(t, o.JSON)
	if r.Streams != 2 || r.Join.Keyframe.Count != 3 || len(r.Join.Failed) > 0 || r.Delivery.Packets == 0 || r.Delivery.Lost > 0 {
		t.Errorf("%+v: %+v, %+v", r, r.Join, r.Delivery)
	}
}

// TestForeignServer measures one that the tool did not start, and to which
// somebody else publishes.
func TestForeignServer(t *testing.T) {
	b := newBench(t)
	s, err := b.startServer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := s.target()
	c, err := readClip(b.Clip)
	if err != nil {
		t.Fatal(err)
	}
	p := publish(t.Context(), at.rtmp, c, 1, 0)
	o := FanoutOptions{}
	o.Source, o.Crowd = small(filepath.Join(t.TempDir(), "r.json"))
	o.WHEP, o.ServerPID, o.Duration = at.whep, at.pid, time.Second
	if err := b.Fanout(t.Context(), "compare", o); err != nil {
		t.Error(err)
	}
	r := result(t, o.JSON)
	if r.Delivery == nil || r.Delivery.Packets == 0 || r.Server == nil || r.Clip != nil || r.Floor != nil {
		t.Errorf("%+v", r)
	}
	if err := errors.Join(p.stop(), s.stop()); err != nil {
		t.Error(err)
	}
}

// TestInterrupted leaves no child behind.
func TestInterrupted(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.Log = writerFunc(func(line []byte) {
		t.Logf("%s", bytes.TrimSpace(line))
		if bytes.Contains(line, []byte("measuring for")) {
			cancel()
		}
	})
	o := FanoutOptions{}
	o.Source, o.Crowd = small("")
	o.Duration = time.Hour
	if err := b.Fanout(ctx, "fanout", o); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

type writerFunc func([]byte)

func (f writerFunc) Write(b []byte) (int, error) {
	f(b)
	return len(b), nil
}

// TestNobodyThere gives up with a reason.
func TestNobodyThere(t *testing.T) {
	b := newBench(t)
	o := FanoutOptions{}
	o.Source, o.Crowd = small("")
	o.WHEP = "http://127.0.0.1:1/whep/live/x"
	if err := b.Fanout(t.Context(), "compare", o); err == nil || !strings.Contains(err.Error(), "no viewer came in") {
		t.Errorf("got %v", err)
	}
	o.RTMP = "rtmp://127.0.0.1:1/live/x"
	if err := b.Fanout(t.Context(), "compare", o); err == nil {
		t.Error("no error")
	}
}

func TestUsage(t *testing.T) {
	b := newBench(t)
	good := FanoutOptions{}
	good.Source, good.Crowd = small("")
	for name, change := range map[string]func(*FanoutOptions){
		"nobody":           func(o *FanoutOptions) { o.Viewers = 0 },
		"too many":         func(o *FanoutOptions) { o.Viewers = maxViewers + 1 },
		"no ramp":          func(o *FanoutOptions) { o.Ramp = 0 },
		"no time":          func(o *FanoutOptions) { o.Duration = 0 },
		"many processes":   func(o *FanoutOptions) { o.Processes = 5 },
		"no marks":         func(o *FanoutOptions) { o.MarkEvery = 0 },
		"RTMP alone":       func(o *FanoutOptions) { o.RTMP = "rtmp://127.0.0.1/live/x" },
		"process alone":    func(o *FanoutOptions) { o.ServerPID = 1 },
		"clip of no video": func(o *FanoutOptions) { o.Clip = "bench_test.go" },
		"no clip":          func(o *FanoutOptions) { o.Clip = "no-such-file" },
	} {
		o := good
		change(&o)
		if err := b.Fanout(t.Context(), "fanout", o); !errors.Is(err, ErrUsage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	j := JoinOptions{Joins: 0}
	j.Source, j.Crowd = small("")
	if err := b.Join(t.Context(), j); !errors.Is(err, ErrUsage) {
		t.Errorf("no joins: %v", err)
	}
	for name, o := range map[string]FloorOptions{
		"nothing":    {},
		"too large":  {Packets: 64, Bytes: 1500, Viewers: 1, Duration: time.Second},
		"no sockets": {Packets: 10, Bytes: 1200, Duration: time.Second},
		"too short":  {Packets: 10, Bytes: 1200, Viewers: 1},
	} {
		if err := b.Floor(t.Context(), o); !errors.Is(err, ErrUsage) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFloor(t *testing.T) {
	b := newBench(t)
	file := filepath.Join(t.TempDir(), "r.json")
	o := FloorOptions{Packets: 10.5, Bytes: 1200, Viewers: 3, Duration: 100 * time.Millisecond, JSON: file, Eager: true, Plain: true}
	if err := b.Floor(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if f := result(t, file).Floor; f.Seal <= 0 || f.Sendto < f.Seal || f.Sendmmsg < f.Seal || f.Segmented < f.Seal || f.Segmented > f.Sendto {
		t.Errorf("%+v", f)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Floor(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
