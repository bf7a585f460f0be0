package rtmp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	gortmp "github.com/yutopp/go-rtmp"
	rtmpmsg "github.com/yutopp/go-rtmp/message"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// publish says what encoders say up to publish, in AMF0, and waits for consent.
func (r *rude) publish(key string) *rude {
	r.t.Helper()
	r.shakeHands()
	null := []byte{amfNull}
	name := append(null, appendString(nil, key)...)
	w := connected()
	w.command(typeCommandAMF0, commandBody("releaseStream", 2, name...))
	w.command(typeCommandAMF0, commandBody("FCPublish", 3, name...))
	w.command(typeCommandAMF0, commandBody("createStream", 4, null...))
	w.message(3, 0, typeCommandAMF0, commandBody("publish", 5, append(name, appendString(nil, "live")...)...))
	r.send(w.b...)
	r.awaitText("NetStream.Publish.Start")
	return r
}

// awaitText reads until the server has said it, and returns all it said.
func (r *rude) awaitText(text string) string {
	r.t.Helper()
	_ = r.conn.SetReadDeadline(time.Now().Add(patience))
	var all []byte
	for b := make([]byte, 1); !bytes.Contains(all, []byte(text)); all = append(all, b[0]) {
		if _, err := io.ReadFull(r.conn, b); err != nil {
			r.t.Fatalf("%v after %q", err, all)
		}
	}
	return string(all)
}

// someTags are the clip's first tags: configurations and n frames.
func someTags(t *testing.T, n int) []tag {
	t.Helper()
	c, err := parseClip(clip(t))
	if err != nil {
		t.Fatal(err)
	}
	var tags []tag
	for _, tag := range c.tags {
		if tag.kind == typeDataAMF0 {
			continue
		}
		if tags = append(tags, tag); !tag.config {
			n--
		}
		if n == 0 {
			break
		}
	}
	return tags
}

// TestTimestampsFar sends a stream from a given timestamp on, and looks at what
// the bus gets.
func TestTimestampsFar(t *testing.T) {
	const frames = 60
	for _, tt := range []struct {
		name    string
		origin  uint32
		repeats bool
	}{
		{"across 0xFFFFFF, repeated", 0xFFFFFF - 500, true},
		{"across 0xFFFFFF, omitted", 0xFFFFFF - 500, false},
		{"across 2^32, repeated", 0xFFFFFFFF - 500, true},
		{"across 2^32, omitted", 0xFFFFFFFF - 500, false},
		{"after 0xFFFFFF", 0x01000000, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := start(t, setup{})
			check := h.beside()
			r := h.rude().publish("far")
			viewer := h.watch("live/far")
			tags := someTags(t, frames)
			var w wire
			for _, tag := range tags {
				if len(w.b) > 0 && !tag.config && !viewer.follows {
					r.send(w.b...)
					w.b = nil
					viewer.follow()
				}
				at := tt.origin + uint32(tag.at.Milliseconds())
				w.full(6, at, len(tag.body), tag.kind)
				for b := tag.body; ; {
					n := min(128, len(b))
					w.bytes(b[:n]...)
					if b = b[n:]; len(b) == 0 {
						break
					}
					if w.basic(3, 6); tt.repeats && at >= 0xFFFFFF {
						w.uint32(at)
					}
				}
			}
			r.send(w.b...)
			compareTimes(t, tags, viewer.frames(frames))
			check()
		})
	}
}

// compareTimes checks that frames are the tags' frames, at the same distances.
func compareTimes(t *testing.T, tags []tag, frames []*av.Frame) {
	t.Helper()
	for kind, typ := range map[av.Kind]uint8{av.Video: typeVideo, av.Audio: typeAudio} {
		var want, got []time.Duration
		for _, tag := range tags {
			if tag.kind == typ && !tag.config {
				want = append(want, tag.at)
			}
		}
		for _, f := range frames {
			if f.Track.Kind == kind {
				got = append(got, f.DTS)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d %s frames of %d", len(got), kind, len(want))
			continue
		}
		for i := range got {
			if got[i]-got[0] != want[i]-want[0] {
				t.Errorf("%s frame %d is at %v, want %v", kind, i, got[i]-got[0], want[i]-want[0])
			}
		}
	}
}

// TestOddEncoders publishes in forms that the library itself cannot read.
func TestOddEncoders(t *testing.T) {
	h := start(t, setup{})
	check := h.beside()
	r := h.rude().shakeHands()
	null := []byte{amfNull}
	name := append(null, appendString(nil, "odd?token=s3cret")...)
	amf3 := func(b []byte) []byte { return append([]byte{0}, b...) }
	w := connected()
	w.message(3, 0, typeUserControl, []byte{0, eventPingRequest, 9, 9, 9, 9})
	w.command(typeCommandAMF3, amf3(commandBody("createStream", 4, null...)))
	w.message(3, 0, typeCommandAMF3, amf3(commandBody("publish", 5, append(name, appendString(nil, "live")...)...)))
	metadata := append(appendString(nil, "onMetaData"), appendObject(nil, property{"encoder", "Odd\n1.0"})...)
	w.message(5, 0, typeDataAMF3, amf3(metadata))
	w.message(4, 0, typeAudio, nil)
	w.message(6, 0, typeVideo, nil)
	w.message(3, 0, typeSharedAMF0, []byte("shared"))
	tags := someTags(t, 50)
	r.send(w.b...)
	viewer := h.watch("live/odd")
	var aggregate []byte
	for _, tag := range tags {
		if tag.config {
			r.send((&wire{}).message(6, 90, tag.kind, tag.body).b...)
			continue
		}
		aggregate = append(aggregate, flvTag(tag.kind, 7000+uint32(tag.at.Milliseconds()), tag.body)...)
	}
	viewer.follow()
	r.send((&wire{}).message(6, 100, typeAggregate, aggregate).message(6, 1e6, typeVideo, nil).b...)
	compareTimes(t, tags, viewer.frames(50))
	if said := r.awaitText("NetStream.Publish.Start"); !strings.Contains(said, "\x00\x07\x09\x09\x09\x09") {
		t.Error("the ping is not answered")
	}
	await(t, "the encoder's name", func() bool {
		s, _ := h.hub.Stream("live/odd")
		return s.Publisher.Encoder == "Odd1.0"
	})
	r.send((&wire{}).message(3, 0, typeCommandAMF0, commandBody("closeStream", 0, null...)).b...)
	if end := r.until(); !bytes.Contains(end, []byte(codeUnpublished)) {
		t.Errorf("was told %q", end)
	}
	if h.log.Has("s3cret") {
		t.Error("the log has the credential")
	}
	check()
}

func TestLibraryClientPublishes(t *testing.T) {
	h := start(t, setup{})
	c, err := gortmp.Dial("rtmp", h.addr, &gortmp.ConnConfig{Logger: h.srv.quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Connect(&rtmpmsg.NetConnectionConnect{Command: rtmpmsg.NetConnectionConnectCommand{App: "live"}}); err != nil {
		t.Fatal(err)
	}
	s, err := c.CreateStream(nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(&rtmpmsg.NetStreamPublish{PublishingName: "lib", PublishingType: "live"}); err != nil {
		t.Fatal(err)
	}
	viewer := h.watch("live/lib")
	tags := someTags(t, 60)
	for _, tag := range tags {
		if !tag.config && !viewer.follows {
			viewer.follow()
		}
		at := uint32(tag.at.Milliseconds())
		if tag.kind == typeAudio {
			err = s.Write(4, at, &rtmpmsg.AudioMessage{Payload: bytes.NewReader(tag.body)})
		} else {
			err = s.Write(6, at, &rtmpmsg.VideoMessage{Payload: bytes.NewReader(tag.body)})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	compareTimes(t, tags, viewer.frames(60))
}

func TestTakeover(t *testing.T) {
	h := start(t, setup{bus: bus.Config{Silence: 100 * time.Millisecond}})
	old := h.rude().publish("x")
	taken := h.rude().shakeHands()
	null := []byte{amfNull}
	name := append(null, appendString(nil, "x")...)
	w := connected()
	w.command(typeCommandAMF0, commandBody("createStream", 4, null...))
	w.message(3, 0, typeCommandAMF0, commandBody("publish", 5, name...))
	taken.send(w.b...)
	if said := taken.until(); !bytes.Contains(said, []byte(codePublishBadName)) || !bytes.Contains(said, []byte("being published already")) {
		t.Errorf("the second was told %q", said)
	}
	await(t, "the name can be had", func() bool { return time.Since(h.live("live/x").Since) > 150*time.Millisecond })
	h.rude().publish("x")
	if said := old.until(); !bytes.Contains(said, []byte("taken over")) {
		t.Errorf("the first was told %q", said)
	}
	await(t, "the closing line", func() bool { return h.log.Has(`cause="another publisher took the stream over"`) })
}

func TestBadMediaEndsTheSession(t *testing.T) {
	h := start(t, setup{})
	r := h.rude().publish("bad")
	var w wire
	for range maxBad {
		w.message(6, 0, typeVideo, []byte{0x17, 0, 0, 0, 0, 0xFF})
	}
	r.send(w.b...)
	if said := r.until(); !bytes.Contains(said, []byte("nothing but bad messages")) {
		t.Errorf("was told %q", said)
	}
	if got := h.srv.Stats().BadMessages; got != maxBad {
		t.Errorf("%d bad messages", got)
	}
	if n := strings.Count(h.log.String(), "rtmp: bad messages"); n == 0 || n > 3 {
		t.Errorf("%d lines about it", n)
	}
}

func TestUnsupportedIsSaidOnce(t *testing.T) {
	h := start(t, setup{})
	r := h.rude().publish("speex")
	var w wire
	for _, tag := range someTags(t, 400) {
		if tag.kind == typeAudio {
			tag.body = []byte{0xB2, 1, 2, 3} // Speex
		}
		w.message(6, uint32(tag.at.Milliseconds()), tag.kind, tag.body)
	}
	r.send(w.b...)
	await(t, "all is counted", func() bool { return h.srv.Stats().Unsupported > 150 })
	if n := strings.Count(h.log.String(), "rtmp: not played"); n != 1 || !h.log.Has("Speex") {
		t.Errorf("said %d times", n)
	}
	await(t, "video plays on", func() bool {
		s, _ := h.hub.Stream("live/speex")
		return len(s.Tracks) == 1 && s.Tracks[0].Frames > 150
	})
}

// brokenListener fails some times before it works.
type brokenListener struct {
	net.Listener
	fails int
}

func (l *brokenListener) Accept() (net.Conn, error) {
	if l.fails--; l.fails >= 0 {
		return nil, errors.New("too many open files")
	}
	return l.Listener.Accept()
}

func TestAcceptErrorsPass(t *testing.T) {
	h := start(t, setup{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.srv.Serve(ctx, &brokenListener{l, 3}) }()
	h.addr = l.Addr().String()
	r := h.rude().publish("x")
	if got := h.srv.Stats().AcceptErrors; got != 3 {
		t.Errorf("%d errors", got)
	}
	cancel()
	if said := r.until(); !bytes.Contains(said, []byte("shutting down")) {
		t.Errorf("was told %q", said)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestServeEndsWithItsListener(t *testing.T) {
	h := start(t, setup{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := h.srv.Serve(t.Context(), l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
