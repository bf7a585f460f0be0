package rtmp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"millrace/ingest"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// clipPlayer plays a clip to everybody, as fast as they take it.
type clipPlayer struct {
	clip  []byte
	loops int
	asked chan PlayRequest
	sent  chan error
}

func (p *clipPlayer) Play(ctx context.Context, r PlayRequest, link *Link) (err error) {
	p.asked <- r
	defer func() { p.sent <- err }()
	if r.Stream != "live/clip" {
		link.Status("error", "NetStream.Play.StreamNotFound", "there is no "+r.Stream)
		return errors.New("not there")
	}
	link.Status("status", codePlayStart, "playing")
	clip, err := parseClip(p.clip)
	if err != nil {
		return err
	}
	for loop := range p.loops {
		for i := range clip.tags {
			t := &clip.tags[i]
			if err := link.Send(ctx, t.kind, time.Duration(loop)*clip.length+t.at, t.body); err != nil {
				return err
			}
		}
	}
	link.Status("status", codePlayUnpublish, "over")
	return errors.New("over")
}

func newClipPlayer(t *testing.T, loops int) *clipPlayer {
	return &clipPlayer{clip: cut(clip(t), time.Second), loops: loops, asked: make(chan PlayRequest, 8), sent: make(chan error, 8)}
}

// destination is a bus that streams are fetched to.
type destination struct {
	hub    *bus.Hub
	puller *Puller
	log    *avtest.Log
}

func fetching(t *testing.T, cfg PullConfig) *destination {
	d := &destination{hub: bus.New(bus.Config{}), log: &avtest.Log{}}
	t.Cleanup(d.hub.Close)
	log := slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	d.puller = NewPuller(cfg, ingest.New(d.hub, ingest.Config{}, log), log)
	return d
}

func (d *destination) pull(ctx context.Context, t *testing.T, raw string) error {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	err = d.puller.Pull(ctx, ingest.Source{Name: "cam/1", URL: u})
	for _, secret := range []string{"s3cret", "w0rd"} {
		if d.log.Has(secret) || strings.Contains(fmt.Sprint(err), secret) {
			t.Errorf("a credential is told: %v\n%s", err, d.log)
		}
	}
	return err
}

// Everything that our server plays comes through our client, over TCP and TLS.
func TestPullFromOurselves(t *testing.T) {
	player := newClipPlayer(t, 1)
	h := start(t, setup{cfg: Config{Player: player}})
	cert, pool := selfSigned(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.srv.Serve(ctx, l) }()
	defer func() { cancel(); <-ended }()
	for _, base := range []string{"rtmp://me:w0rd@" + h.addr, "rtmps://" + l.Addr().String()} {
		d := fetching(t, PullConfig{TLS: &tls.Config{RootCAs: pool}})
		if err := d.pull(t.Context(), t, base+"/live/clip?token=s3cret"); !errors.Is(err, errStreamOver) {
			t.Fatalf("%v\n%s", err, d.log)
		}
		if r := <-player.asked; r.Credential != "s3cret" || !r.Takes("hvc1") || !r.Takes("Opus") || r.Takes("nope") {
			t.Errorf("%+v", r)
		}
		if n := d.hub.Totals().Frames; n < 50 {
			t.Errorf("%d frames", n)
		}
		if !d.log.Has("rtmp: source opened") || !d.log.Has("rtmp: source closed") {
			t.Errorf("log:\n%s", d.log)
		}
		<-player.sent
	}
}

func TestPullIsRefused(t *testing.T) {
	player := newClipPlayer(t, 1)
	h := start(t, setup{cfg: Config{Player: player}})
	d := fetching(t, PullConfig{})
	if err := d.pull(t.Context(), t, "rtmp://"+h.addr+"/live/other"); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "there is no live/other") {
		t.Error(err)
	}
	for _, raw := range []string{"http://" + h.addr + "/live/clip", "rtmp://" + h.addr + "/?token=s3cret"} {
		if err := d.pull(t.Context(), t, raw); err == nil {
			t.Errorf("%s was fetched", raw)
		}
	}
}

// The end of a pull is its context's, whatever the server does.
func TestPullEndsWithItsContext(t *testing.T) {
	player := newClipPlayer(t, 1<<20)
	h := start(t, setup{cfg: Config{Player: player}})
	d := fetching(t, PullConfig{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.pull(ctx, t, "rtmp://"+h.addr+"/live/clip") }()
	await(t, "frames", func() bool { s, ok := d.hub.Stream("cam/1"); return ok && s.Frames > 100 })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A server that says nothing, or nothing that is RTMP, costs a bounded time.
func TestPullFromRudeServers(t *testing.T) {
	for name, says := range map[string][]byte{
		"nothing":  nil,
		"HTTP":     []byte("HTTP/1.1 400 Bad Request\r\n\r\n"),
		"zeros":    make([]byte, 1<<16),
		"the rest": append(append([]byte{3}, make([]byte, 2*handshakeSize)...), bytes.Repeat([]byte{2, 0, 0, 0, 0, 0xFF, 0xFF, 8, 0, 0, 0, 0}, 1000)...),
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan struct{})
		go func() {
			defer close(served)
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = io.ReadFull(conn, make([]byte, 1+handshakeSize))
			_, _ = conn.Write(says)
		}()
		d := fetching(t, PullConfig{})
		if err := d.pull(t.Context(), t, "rtmp://"+l.Addr().String()+"/a/b"); err == nil {
			t.Errorf("%s: no error", name)
		}
		l.Close()
		<-served
	}
}

// FuzzPulled feeds what servers say to a pull's session.
func FuzzPulled(f *testing.F) {
	onStatus := status{"error", "NetStream.Play.StreamNotFound", "no"}
	for _, m := range []*message{onStatus.message(1), {kind: typeUserControl, body: []byte{0, 6, 0, 0, 0, 1}}, {kind: typeVideo, body: []byte{0x17, 1}}} {
		f.Add(appendMessage(nil, 3, 128, m))
	}
	hub := bus.New(bus.Config{})
	defer hub.Close()
	pub, err := hub.Publish("live/x", infoOfTest)
	if err != nil {
		f.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	f.Fuzz(func(_ *testing.T, b []byte) {
		in := newChunkReader(newInlet(bytes.NewReader(b), 4096), lengthLimits{video: 1 << 20}, 1<<20+budgetSpare, grainPublishing)
		near, far := net.Pipe()
		near.Close() // answers are lost
		far.Close()
		s := &pulled{sock: &socket{Conn: near}, client: &client{conn: near, in: in}}
		s.reader.pub, s.reader.log, s.reader.counters = pub, quiet, &counters{}
		for {
			var m message
			if in.next(&m) != nil {
				return
			}
			if _, err := s.take(&m); err != nil {
				return
			}
		}
	})
}

func TestPullFromFFmpeg(t *testing.T) {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal("ffmpeg is needed for this test: apt-get install ffmpeg")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // for a port that is free
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "-hide_banner", "-re", "-i", "testdata/small-bframes-44k.flv", "-t", "2", "-c", "copy",
		"-f", "flv", "-listen", "1", "rtmp://"+at+"/live/clip")
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d := fetching(t, PullConfig{})
	for ctx.Err() == nil { // until it listens
		if err = d.pull(ctx, t, "rtmp://"+at+"/live/clip"); d.log.Has("source opened") {
			break
		}
		time.Sleep(50 * time.Millisecond) // between attempts, as a supervisor would
	}
	_ = cmd.Wait() // its complaint that it could not seek in what it sent
	if n := d.hub.Totals().Frames; n < 100 || !d.log.Has("kind=video") || !d.log.Has("kind=audio") {
		t.Errorf("%d frames: %v\n%s\n%s", n, err, d.log, &out)
	}
}
