package rtsp

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"go.uber.org/goleak"

	"millrace/playout"
	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
	"millrace/transmux/codecs"
	"millrace/transmux/ledger"
	"millrace/transmux/rtsp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait.
const patience = 20 * time.Second

// house is a bus with a door for viewers.
type house struct {
	t      *testing.T
	hub    *bus.Hub
	room   *Room
	log    *avtest.Log
	addr   string
	ledger *ledger.Ledger
}

func build(t *testing.T, cfg playout.Config) *house {
	t.Helper()
	h := &house{t: t, log: &avtest.Log{}, hub: bus.New(bus.Config{})}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.ledger = ledger.New(nil)
	cfg.Ledger = h.ledger
	h.room = New(playout.New(h.hub, cfg), Reports{}, log)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := rtsp.ListenPair("127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	h.addr = l.Addr().String()
	server := rtsp.New(rtsp.Config{WriteTimeout: 2 * patience}, nobody{}, h.room, log)
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
		if n := h.room.Stats().Viewers; n != 0 {
			t.Errorf("%d viewers are left", n)
		}
	})
	return h
}

// nobody publishes here.
type nobody struct{}

func (nobody) Announce(rtsp.Peer, []rtsp.Media) (rtsp.Publication, error) {
	return nil, &rtsp.Refusal{Status: rtsp.StatusNotFound, Words: "nobody", Err: bus.ErrNotLive}
}

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

// publication writes pictures and sound in real time until it is stopped, and
// begins with some seconds of the past.
type publication struct {
	pub   *bus.Publisher
	stop  context.CancelFunc
	work  sync.WaitGroup
	video *av.Track
	audio *av.Track
}

func h264(t *testing.T) av.Track {
	t.Helper()
	params, _ := avtest.H264Sliced()
	track, err := codecs.H264Track(params.SPS, params.PPS)
	if err != nil {
		t.Fatal(err)
	}
	return track
}

// publish begins a stream of pictures, and of a sound if there is one.
func (h *house) publish(name string, past time.Duration, sound av.Track, e avtest.Encoder) *publication {
	h.t.Helper()
	pub, err := h.hub.Publish(name, bus.PublisherInfo{Protocol: "test"})
	if err != nil {
		h.t.Fatal(err)
	}
	p := &publication{pub: pub}
	p.video = pub.SetTrack(h264(h.t))
	if sound.Codec != 0 {
		p.audio = pub.SetTrack(sound)
	}
	e.Video, e.Audio = p.video, p.audio
	begun := time.Now().Add(-past)
	e.Start = begun
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	next := e.Next()
	for ; next.DTS < past; next = e.Next() {
		pub.Write(next)
	}
	p.work.Go(func() {
		for ; ; next = e.Next() {
			wait := time.NewTimer(time.Until(begun.Add(next.DTS)))
			select {
			case <-wait.C:
				next.Arrived = time.Now()
				pub.Write(next)
			case <-ctx.Done():
				wait.Stop()
				return
			}
		}
	})
	h.t.Cleanup(p.end)
	return p
}

// end is the publisher's goodbye.
func (p *publication) end() {
	p.stop()
	p.work.Wait()
	p.pub.Close()
}

// client is a player that notes what it gets.
type client struct {
	gortsplib.Client
	desc *description.Session

	mu      sync.Mutex
	packets []got
}

type got struct {
	media  int
	packet *rtp.Packet
	report *rtcp.SenderReport
	at     time.Time
}

// dial describes a stream.
func (h *house) dial(name string, transport gortsplib.Transport) (*client, error) {
	h.t.Helper()
	c := &client{}
	u, err := base.ParseURL("rtsp://" + name[:strings.Index(name, "@")+1] + h.addr + "/" + name[strings.Index(name, "@")+1:])
	if err != nil {
		h.t.Fatal(err)
	}
	c.Client = gortsplib.Client{
		Scheme: u.Scheme, Host: u.Host, Transport: &transport,
		OnPacketsLost: func(uint64) {}, OnDecodeError: func(error) {},
	}
	if err := c.Start2(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(c.Close)
	c.desc, _, err = c.Describe(u)
	return c, err
}

// play plays it.
func (h *house) play(name string, transport gortsplib.Transport) *client {
	h.t.Helper()
	c, err := h.dial(name, transport)
	if err != nil {
		h.t.Fatalf("%v\n%s", err, h.log)
	}
	if err := c.SetupAll(c.desc.BaseURL, c.desc.Medias); err != nil {
		h.t.Fatal(err)
	}
	index := func(m *description.Media) int {
		for i := range c.desc.Medias {
			if c.desc.Medias[i] == m {
				return i
			}
		}
		return -1
	}
	note := func(g got) {
		c.mu.Lock()
		defer c.mu.Unlock()
		g.at = time.Now()
		c.packets = append(c.packets, g)
	}
	c.OnPacketRTPAny(func(m *description.Media, _ format.Format, p *rtp.Packet) {
		note(got{media: index(m), packet: p})
	})
	c.OnPacketRTCPAny(func(m *description.Media, p rtcp.Packet) {
		if r, ok := p.(*rtcp.SenderReport); ok {
			note(got{media: index(m), report: r})
		}
	})
	if _, err := c.Play(nil); err != nil {
		h.t.Fatalf("%v\n%s", err, h.log)
	}
	return c
}

// seen is what has come so far.
func (c *client) seen() []got {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]got(nil), c.packets...)
}

// of are the packets of one media.
func (c *client) of(media int) (all []got) {
	for _, g := range c.seen() {
		if g.media == media && g.packet != nil {
			all = append(all, g)
		}
	}
	return all
}
