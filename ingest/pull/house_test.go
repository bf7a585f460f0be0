package pull

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"millrace/ingest"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const name = "live/cam"

// attempt is one call of a camera's Pull.
type attempt struct {
	at  time.Time
	end time.Time
}

// camera is a puller whose every attempt goes as the test says.
type camera struct {
	t     *testing.T
	gate  *ingest.Gate
	pull  func(ctx context.Context, c *camera, s ingest.Source) error
	setup time.Duration

	mu       sync.Mutex
	attempts []attempt
}

func (c *camera) Pull(ctx context.Context, s ingest.Source) error {
	c.mu.Lock()
	n := len(c.attempts)
	c.attempts = append(c.attempts, attempt{at: time.Now()})
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.attempts[n].end = time.Now()
		c.mu.Unlock()
	}()
	return c.pull(ctx, c, s)
}

func (c *camera) calls() []attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]attempt(nil), c.attempts...)
}

var errOff = errors.New("dial tcp: connection refused")

// off is a camera that nobody has plugged in.
func off(context.Context, *camera, ingest.Source) error { return errOff }

// on is a camera that sends until it is left, or for so long.
func on(most time.Duration) func(context.Context, *camera, ingest.Source) error {
	return func(ctx context.Context, c *camera, s ingest.Source) error {
		select {
		case <-time.After(c.setup):
		case <-ctx.Done():
			return ctx.Err()
		}
		p, err := c.gate.Open(ctx, ingest.Request{Name: s.Name, Protocol: "test", Remote: s.URL.Host})
		if err != nil {
			return err
		}
		defer p.Close()
		video := p.SetTrack(avtest.H264Track())
		encoder := &avtest.Encoder{Video: video, Payloads: 1, Start: time.Now()}
		over := time.After(most)
		for {
			f := encoder.Next()
			select {
			case <-time.After(time.Until(f.Arrived)):
				p.Write(f)
			case <-over:
				return errOff
			case <-ctx.Done():
				return ctx.Err()
			case <-p.Done():
				return p.Err()
			}
		}
	}
}

// house is a room with one source, in a synctest bubble.
type house struct {
	t    *testing.T
	hub  *bus.Hub
	room *Room
	cam  *camera
	stop func()

	heard heard
}

func newHouse(t *testing.T, s Source, pull func(context.Context, *camera, ingest.Source) error) *house {
	t.Helper()
	return newLoggingHouse(t, s, pull, slog.New(slog.DiscardHandler))
}

func newLoggingHouse(t *testing.T, s Source, pull func(context.Context, *camera, ingest.Source) error, log *slog.Logger) *house {
	t.Helper()
	if s.Name == "" {
		s.Name = name
	}
	if s.URL == nil {
		s.URL = &url.URL{Scheme: "rtsp", Host: "cam.example", Path: "/a", User: url.UserPassword("admin", "s3cret-p4ss")}
	}
	h := &house{t: t, hub: bus.New(bus.Config{}), cam: &camera{t: t, pull: pull, setup: 200 * time.Millisecond}}
	h.room = New([]Source{s}, h.hub, &h.heard, log)
	h.cam.gate = ingest.New(h.room.Pulled(), ingest.Config{}, log)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { _ = h.room.Serve(ctx, map[string]Puller{"rtsp": h.cam, "https": h.cam}) })
	h.stop = sync.OnceFunc(func() { cancel(); work.Wait(); h.hub.Close() })
	t.Cleanup(h.stop)
	return h
}

// bubble runs a test in fake time, and ends the house within it.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func (h *house) watch() (*bus.Subscriber, error) {
	return h.room.Subscribe(h.t.Context(), name)
}

func (h *house) mustWatch() *bus.Subscriber {
	h.t.Helper()
	sub, err := h.watch()
	if err != nil {
		h.t.Fatal(err)
	}
	return sub
}

func (h *house) state() State {
	synctest.Wait()
	return h.room.Status()[0].State
}

func (h *house) expect(want State) {
	h.t.Helper()
	if got := h.state(); got != want {
		h.t.Fatalf("the source is %s, want %s", got, want)
	}
}
