package receiver

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"go.uber.org/goleak"

	"millrace/playout"
	"millrace/playout/whep"
	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/codecs"
	"millrace/transmux/flv"
	"millrace/transmux/rtc/port"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is the real playout side of a gateway.
type house struct {
	hub  *bus.Hub
	port *port.Port
	whep *whep.Room
	url  string
}

type nothingDerived struct{}

func (nothingDerived) Want(*bus.Stream, []av.Codec) func() { return func() {} }

type ignore struct{}

func (ignore) Observe(float64) {}

func newHouse(t *testing.T) *house {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	p, err := port.Listen(port.Config{Address: "127.0.0.1:0"}, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	transport := sender.New(p, log)
	work.Go(func() { _ = p.Serve(ctx) })
	work.Go(func() { _ = transport.Serve(ctx) })
	h := &house{hub: bus.New(bus.Config{Linger: 50 * time.Millisecond}), port: p}
	resources := resource.New(resource.Config{})
	h.whep = whep.New(playout.New(h.hub, playout.Config{}), nothingDerived{}, transport, resources, whep.Observers{Join: ignore{}, Added: ignore{}}, log)
	router := chi.NewRouter()
	resources.Routes(router)
	h.whep.Routes(router)
	server := httptest.NewServer(router)
	h.url = server.URL + whep.Path
	t.Cleanup(func() {
		h.hub.Close()
		h.whep.Close()
		cancel()
		work.Wait()
		server.Close()
	})
	return h
}

// label is what we put into pictures here; a time in 19 digits follows it.
var label = []byte("receiver-test-id")

// labelled puts the time as an SEI unit (H.264 annex D.1.7) in front of a
// picture's slices.
func labelled(body []byte, at time.Time) []byte {
	text := at.Format("20060102150405.0000") // no zero bytes, of one length
	sei := append([]byte{6, 5, byte(len(label) + len(text))}, label...)
	sei = append(append(sei, text...), 0x80)
	out := bytes.Clone(body[:5])
	for rest, done := body[5:], false; len(rest) > 4; {
		n := 4 + int(binary.BigEndian.Uint32(rest))
		if unit := rest[4] & 0x1f; !done && unit >= 1 && unit <= 5 {
			out = append(binary.BigEndian.AppendUint32(out, uint32(len(sei))), sei...)
			done = true
		}
		out = append(out, rest[:n]...)
		rest = rest[n:]
	}
	return out
}

// readLabel is a Config.Mark: nanoseconds since 1970.
func readLabel(payload []byte) (int64, bool) {
	at := bytes.Index(payload, label)
	if at < 0 || len(payload) < at+len(label)+19 {
		return 0, false
	}
	when, err := time.ParseInLocation("20060102150405.0000", string(payload[at+len(label):][:19]), time.Local)
	return when.UnixNano(), err == nil
}

// publish plays the clip's pictures in real time, over and over, each third with a
// label, and a packet of silence beside each.
func (h *house) publish(t *testing.T, name string) (stop func()) {
	t.Helper()
	p, err := h.hub.Publish(name, bus.PublisherInfo{Protocol: "test"})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("../../flv/testdata/zerolatency.flv")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { play(ctx, p, raw[13:]) })
	stop = sync.OnceFunc(func() { cancel(); work.Wait(); p.Close() })
	t.Cleanup(stop)
	return stop
}

func play(ctx context.Context, p *bus.Publisher, tags []byte) {
	var d flv.Demuxer
	var track *av.Track
	silence := p.SetTrack(codecs.OpusTrack(2))
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	at, number := time.Duration(0), 0
	for rest := tags; ctx.Err() == nil; {
		size := 0
		if len(rest) > 15 {
			size = int(binary.BigEndian.Uint32(rest) & 0xffffff)
		}
		if size == 0 || len(rest) < 15+size {
			rest = tags
			continue
		}
		kind, body := rest[0], bytes.Clone(rest[11:11+size])
		rest = rest[15+size:]
		if kind != 9 {
			continue
		}
		if body[1] == 1 {
			if number++; number%3 == 0 {
				body = labelled(body, time.Now())
			}
		}
		event, err := d.Video(at, body)
		if err != nil {
			panic(err)
		}
		if event.Track != nil && track == nil {
			track = p.SetTrack(*event.Track)
		}
		if event.Frame == nil {
			continue
		}
		event.Frame.Track, event.Frame.Arrived = track, time.Now()
		p.Write(event.Frame)
		sound := codecs.OpusFrame([]byte{0xfc, 0xff, 0xfe})
		sound.Track, sound.Arrived, sound.PTS, sound.DTS = silence, time.Now(), at, at
		p.Write(sound)
		at += 20 * time.Millisecond
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

func (h *house) viewers(name string) int {
	s, _ := h.hub.Stream(name)
	return s.Viewers
}

// newRoom serves a room until the test ends.
func newRoom(t *testing.T, cfg Config) *Room {
	t.Helper()
	r, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { _ = r.Serve(ctx) })
	t.Cleanup(func() { cancel(); work.Wait() })
	return r
}

// await polls until the condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within 10 s", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// happens waits for a channel to be closed.
func happens(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: not within 10 s", what)
	}
}
