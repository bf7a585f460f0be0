package whep

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"go.uber.org/goleak"

	"millrace/ingest"
	"millrace/playout"
	playing "millrace/playout/whep"
	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
	"millrace/transmux/codecs"
	"millrace/transmux/rtc/port"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	name     = "live/fetched"
	loopback = "127.0.0.1:0"
)

type nothingDerived struct{}

func (nothingDerived) Want(*bus.Stream, []av.Codec) func() { return func() {} }

type ignore struct{}

func (ignore) Observe(float64) {}

// origin is a gateway that plays one stream, live/origin.
type origin struct {
	hub *bus.Hub
	url string // of its WHEP endpoint

	mu       sync.Mutex
	requests []*http.Request
}

func (o *origin) seen(method string) (n int, last *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.requests {
		if r.Method == method {
			n, last = n+1, r
		}
	}
	return n, last
}

func newOrigin(t *testing.T) *origin {
	t.Helper()
	log := slog.New(slog.NewTextHandler(testWriter{t}, nil))
	p, err := port.Listen(port.Config{Address: loopback}, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	transport := sender.New(p, log)
	work.Go(func() { _ = p.Serve(ctx) })
	work.Go(func() { _ = transport.Serve(ctx) })
	o := &origin{hub: bus.New(bus.Config{})}
	resources := resource.New(resource.Config{})
	gate := playout.New(o.hub, playout.Config{})
	room := playing.New(gate, nothingDerived{}, transport, resources, playing.Observers{Join: ignore{}, Added: ignore{}}, log)
	router := chi.NewRouter()
	router.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			o.mu.Lock()
			o.requests = append(o.requests, r)
			o.mu.Unlock()
			next.ServeHTTP(w, r)
		})
	})
	resources.Routes(router)
	room.Routes(router)
	server := httptest.NewServer(router)
	o.url = server.URL + playing.Path + "live/origin"
	t.Cleanup(func() {
		o.hub.Close()
		room.Close()
		cancel()
		work.Wait()
		server.Close()
	})
	return o
}

// clip is a short film in H.264, and sound, over and over.
type clip struct {
	params avtest.H264Params
	units  []avtest.H264Unit
	asked  chan struct{} // somebody wants a keyframe
}

func newClip() *clip {
	c := &clip{asked: make(chan struct{}, 100)}
	c.params, c.units = avtest.H264Sliced()
	return c
}

// publish plays the clip until ctx ends.
func (c *clip) publish(ctx context.Context, t *testing.T, hub *bus.Hub, stream string) {
	t.Helper()
	p, err := hub.Publish(stream, bus.PublisherInfo{Refreshes: true})
	if err != nil {
		t.Error(err)
		return
	}
	defer p.Close()
	description, err := codecs.H264Track(c.params.SPS, c.params.PPS)
	if err != nil {
		t.Error(err)
		return
	}
	video, audio := p.SetTrack(description), p.SetTrack(codecs.OpusTrack(2))
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for i := 0; ; i++ {
		at := time.Duration(i) * 20 * time.Millisecond
		f, err := codecs.H264Frame(video, c.units[i%len(c.units)].Slices)
		if err != nil {
			t.Error(err)
			return
		}
		sound := codecs.OpusFrame(avtest.OpusSilence(2))
		for _, one := range []struct {
			f *av.Frame
			t *av.Track
		}{{f, video}, {sound, audio}} {
			one.f.Track, one.f.PTS, one.f.DTS, one.f.Arrived = one.t, at, at, time.Now()
			p.Write(one.f)
		}
		select {
		case <-ticker.C:
		case <-p.KeyframeRequests():
			c.asked <- struct{}{}
		case <-p.Done():
			return
		case <-ctx.Done():
			return
		}
	}
}

// pulling is one Pull into a hub of its own.
type pulling struct {
	t    *testing.T
	hub  *bus.Hub
	stop func() error // ends it, and gives its cause
	done chan error
}

func pull(t *testing.T, at string, log *slog.Logger) *pulling {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	p := &pulling{t: t, hub: bus.New(bus.Config{}), done: make(chan error, 1)}
	puller := NewPuller(Config{Address: loopback}, ingest.New(p.hub, ingest.Config{}, log), log)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		p.done <- puller.Pull(ctx, ingest.Source{Name: name, URL: u})
		close(p.done)
	}()
	p.stop = sync.OnceValue(func() error { cancel(); return <-p.done })
	t.Cleanup(func() { _ = p.stop(); p.hub.Close() })
	return p
}

// ended waits for the pull's own end.
func (p *pulling) ended() error {
	p.t.Helper()
	select {
	case err := <-p.done:
		return err
	case <-time.After(30 * time.Second):
		p.t.Fatal("the pull goes on")
		return nil
	}
}

// record waits for the stream with both tracks and follows it.
func (p *pulling) record() *avtest.Recorder {
	p.t.Helper()
	var sub *bus.Subscriber
	await(p.t, func() bool {
		var err error
		if s, live := p.hub.Stream(name); !live || len(s.Tracks) < 2 {
			return false
		}
		sub, err = p.hub.Subscribe(p.t.Context(), name)
		return err == nil
	})
	return avtest.Record(p.t, sub, nil)
}

// checkPictures wants the clip's pictures as they were, in order.
func (c *clip) checkPictures(t *testing.T, frames []*av.Frame) {
	t.Helper()
	pictures, sounds, next := 0, 0, -1
	for _, f := range frames {
		if f.Track.Kind == av.Audio {
			sounds++
			continue
		}
		pictures++
		slices := f.Parts[len(f.Parts)-2:]
		at := -1
		for i, u := range c.units {
			if bytes.Equal(u.Slices[0], slices[0]) && bytes.Equal(u.Slices[1], slices[1]) {
				at = i
			}
		}
		if at < 0 || next >= 0 && at != next {
			t.Fatalf("picture %d is the clip's %d, want %d", pictures, at, next)
		}
		next = (at + 1) % len(c.units)
	}
	if pictures < 20 || sounds < 20 {
		t.Errorf("%d pictures and %d packets of sound", pictures, sounds)
	}
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !done() {
		select {
		case <-deadline:
			t.Fatal("it did not come to pass within 20 s")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Logf("%s", b)
	return len(b), nil
}

var silence = avtest.OpusSilence(2)
