package rtmp

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"millrace/ingest"
	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait in these tests.
const patience = 20 * time.Second

// harness is a server on a bus, with what it logs.
type harness struct {
	t    *testing.T
	hub  *bus.Hub
	gate *ingest.Gate
	srv  *Server
	addr string
	log  *avtest.Log
	stop func() error // ends Serve and returns what it returned
}

type setup struct {
	cfg  Config
	gate ingest.Config
	bus  bus.Config
}

func start(t *testing.T, with setup) *harness {
	t.Helper()
	h := &harness{t: t, hub: bus.New(with.bus), log: &avtest.Log{}}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.gate = ingest.New(h.hub, with.gate, log)
	h.srv = New(with.cfg, h.gate, log)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.srv.Serve(ctx, l) }()
	h.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(patience):
			t.Error("Serve does not return")
			return nil
		}
	})
	t.Cleanup(func() {
		if err := h.stop(); err != nil {
			t.Errorf("Serve: %v", err)
		}
		h.hub.Close()
		if t.Failed() {
			t.Logf("log:\n%s", h.log)
		}
	})
	return h
}

// await polls until ok holds.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// live waits until the stream has a publisher.
func (h *harness) live(name string) bus.Snapshot {
	h.t.Helper()
	var snap bus.Snapshot
	await(h.t, name+" is live", func() bool {
		s, ok := h.hub.Stream(name)
		snap = s
		return ok && s.Live
	})
	return snap
}

// viewer takes what a stream carries.
type viewer struct {
	t       *testing.T
	sub     *bus.Subscriber
	follows bool
}

// watch joins a live stream.
func (h *harness) watch(name string) *viewer {
	h.t.Helper()
	h.live(name)
	sub, err := h.hub.Subscribe(context.Background(), name)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(sub.Close)
	return &viewer{t: h.t, sub: sub}
}

// follow waits for the stream's two tracks. Frames sent from now on come whole.
func (v *viewer) follow() {
	v.t.Helper()
	var video, audio av.TrackID
	await(v.t, "two tracks", func() bool {
		for _, t := range v.sub.Stream().Catalog().Tracks {
			if t.Kind == av.Video {
				video = t.ID
			} else {
				audio = t.ID
			}
		}
		return video != 0 && audio != 0
	})
	v.sub.Follow(video, audio)
	v.follows = true
}

// frames takes the next n frames.
func (v *viewer) frames(n int) []*av.Frame {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var frames []*av.Frame
	for len(frames) < n {
		f, err := v.sub.Next(ctx)
		if err != nil {
			v.t.Fatalf("after %d frames: %v", len(frames), err)
		}
		frames = append(frames, f)
	}
	return frames
}

func clip(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/small-bframes-44k.flv")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rude is a peer that sends what it likes.
type rude struct {
	t    *testing.T
	conn net.Conn
}

func (h *harness) rude() *rude {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	return &rude{h.t, conn}
}

func (r *rude) send(b ...byte) {
	r.t.Helper()
	if _, err := r.conn.Write(b); err != nil {
		r.t.Fatal(err)
	}
}

// shakeHands does the client's part.
func (r *rude) shakeHands() *rude {
	r.t.Helper()
	r.send(append([]byte{rtmpVersion}, make([]byte, handshakeSize)...)...)
	if _, err := io.ReadFull(r.conn, make([]byte, 1+2*handshakeSize)); err != nil {
		r.t.Fatal(err)
	}
	r.send(make([]byte, handshakeSize)...)
	return r
}

// until reads until the peer closes, and returns what came.
func (r *rude) until() []byte {
	r.t.Helper()
	_ = r.conn.SetReadDeadline(time.Now().Add(patience))
	b, err := io.ReadAll(r.conn)
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		r.t.Fatal("the server does not close the connection")
	}
	return b
}

var infoOfTest = bus.PublisherInfo{Protocol: "test"}

// gone waits until the peer closes, in whatever way.
func (r *rude) gone() {
	r.t.Helper()
	_ = r.conn.SetReadDeadline(time.Now().Add(patience))
	_, err := io.Copy(io.Discard, r.conn)
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		r.t.Fatal("the server does not close the connection")
	}
}
