package whep

import (
	"context"
	"encoding/binary"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"go.uber.org/goleak"

	"millrace/playout"
	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/flv"
	"millrace/transmux/rtc/port"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a gateway of one stream: hub, port, transport and WHEP room.
type house struct {
	hub  *bus.Hub
	room *Room
	port *port.Port
	site http.Handler
	url  string
}

type nothingDerived struct{}

func (nothingDerived) Want(*bus.Stream, []av.Codec) func() { return func() {} }

type ignore struct{}

func (ignore) Observe(float64) {}

func newHouse(t *testing.T, cfg bus.Config) *house {
	t.Helper()
	return newHouseAt(t, port.Config{Address: loopback}, cfg)
}

func newHouseAt(t *testing.T, at port.Config, cfg bus.Config) *house {
	t.Helper()
	log := slog.New(slog.NewTextHandler(testWriter{t}, nil))
	p, err := port.Listen(at, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	transport := sender.New(p, log)
	work.Go(func() { _ = p.Serve(ctx) })
	work.Go(func() { _ = transport.Serve(ctx) })
	h := &house{hub: bus.New(cfg), port: p}
	resources := resource.New(resource.Config{})
	h.room = New(playout.New(h.hub, playout.Config{}), nothingDerived{}, transport, resources, Observers{Join: ignore{}, Added: ignore{}}, log)
	router := chi.NewRouter()
	resources.Routes(router)
	h.room.Routes(router)
	h.site = router
	server := httptest.NewServer(router)
	h.url = server.URL + Path
	t.Cleanup(func() {
		h.hub.Close()
		h.room.Close()
		cancel()
		work.Wait()
		server.Close()
	})
	return h
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Logf("%s", b)
	return len(b), nil
}

// clip is an FLV's tags.
type clip []tag

type tag struct {
	kind byte
	time time.Duration
	body []byte
}

func readClip(t *testing.T, name string) clip {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var c clip
	for raw = raw[13:]; len(raw) > 15; {
		size := int(binary.BigEndian.Uint32(raw) & 0xffffff)
		ms := binary.BigEndian.Uint32(raw[4:])
		ms = ms>>8 | ms<<24
		if len(raw) < 15+size {
			break
		}
		c = append(c, tag{raw[0], time.Duration(ms) * time.Millisecond, raw[11 : 11+size]})
		raw = raw[15+size:]
	}
	return c
}

// publish plays the clip in real time until the context ends, and counts pictures.
func publish(ctx context.Context, p *bus.Publisher, c clip, from time.Duration, pictures *atomic.Int64) {
	var d flv.Demuxer
	tracks := map[byte]*av.Track{}
	begun := time.Now().Add(-from)
	for _, tag := range c {
		if wait := time.Until(begun.Add(tag.time)); wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
		}
		demux := d.Video
		if tag.kind == 8 {
			demux = d.Audio
		} else if tag.kind != 9 {
			continue
		}
		event, err := demux(tag.time, append([]byte(nil), tag.body...))
		if err != nil {
			continue
		}
		if event.Track != nil {
			if old := tracks[tag.kind]; old != nil {
				event.Track.ID = old.ID
			}
			tracks[tag.kind] = p.SetTrack(*event.Track)
		}
		if event.Frame != nil {
			event.Frame.Track, event.Frame.Arrived = tracks[tag.kind], time.Now()
			if tag.kind == 9 {
				pictures.Add(1)
			}
			p.Write(event.Frame)
		}
	}
	<-ctx.Done()
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !done() {
		select {
		case <-deadline:
			t.Fatal("it did not come to pass within 20 s")
		case <-time.After(2 * time.Millisecond):
		}
	}
}
