package rtmp

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"millrace/playout"
	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
	"millrace/transmux/derive"
	"millrace/transmux/flv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// message is what a link was given.
type message struct {
	kind uint8
	at   time.Duration
	body []byte
}

// link is a player that remembers what it is sent. It takes up to room messages
// before somebody reads them.
type link struct {
	messages chan message
	mu       sync.Mutex
	said     []string
	deaf     bool
	blind    bool
}

func newLink(room int) *link { return &link{messages: make(chan message, room)} }

func (l *link) Send(ctx context.Context, kind uint8, at time.Duration, body []byte) error {
	select {
	case l.messages <- message{kind, at, append([]byte(nil), body...)}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *link) Status(level, code, description string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, level+" "+code+" "+description)
}

func (l *link) Wants() (video, audio bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.blind, !l.deaf
}

func (l *link) heard() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.said, "\n")
}

func (l *link) next(t *testing.T) message {
	t.Helper()
	select {
	case m := <-l.messages:
		return m
	case <-time.After(patience):
		t.Fatal("no message")
		return message{}
	}
}

type nothingDerived struct{}

func (nothingDerived) Want(*bus.Stream, derive.Offer) func() { return func() {} }

// house is a room on a bus.
type house struct {
	t    *testing.T
	hub  *bus.Hub
	room *Room
}

func newHouse(t *testing.T, cfg bus.Config, gate playout.Config) *house {
	h := &house{t: t, hub: bus.New(cfg)}
	t.Cleanup(h.hub.Close)
	h.room = New(playout.New(h.hub, gate), nothingDerived{}, slog.New(slog.DiscardHandler))
	return h
}

// play starts a player; ended has what Play returned.
func (h *house) play(l *link, takes func(string) bool) (stop func(), ended <-chan error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	var work sync.WaitGroup
	work.Go(func() {
		done <- h.room.Play(ctx, Request{Stream: "live/x", Remote: "127.0.0.1:1", Takes: takes}, l)
	})
	h.t.Cleanup(func() { cancel(); work.Wait() })
	return cancel, done
}

// encoder publishes live/x with a picture and a sound.
func (h *house) encoder(video, audio av.Track) (*bus.Publisher, *avtest.Encoder) {
	h.t.Helper()
	p, err := h.hub.Publish("live/x", bus.PublisherInfo{})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(p.Close)
	return p, &avtest.Encoder{Video: p.SetTrack(video), Audio: p.SetTrack(audio), GOP: 30}
}

func (h *house) write(p *bus.Publisher, e *avtest.Encoder, d time.Duration) {
	for begun := time.Duration(-1); ; {
		f := e.Next()
		at := f.DTS // the bus moves it
		if begun < 0 {
			begun = at
		}
		p.Write(f)
		if at-begun >= d {
			return
		}
	}
}

func isHeader(m message) bool { return m.kind != kindData && len(m.body) > 1 && m.body[1] == 0 }

// A player begins at the newest keyframe with everything it needs, and its sound
// with the picture; nothing runs backwards, and nothing is missing.
func TestAPlayerBeginsAtTheKeyframe(t *testing.T) {
	h := newHouse(t, bus.Config{}, playout.Config{})
	p, e := h.encoder(avtest.H264Track(), avtest.AACTrack())
	h.write(p, e, 1500*time.Millisecond) // a keyframe at 0 s and at 1 s
	l := newLink(4096)
	h.play(l, nil)
	if m := l.next(t); m.kind != kindData || !strings.Contains(string(m.body), "onMetaData") {
		t.Fatalf("first comes %+v", m)
	}
	for _, kind := range []uint8{kindVideo, kindAudio} {
		if m := l.next(t); m.kind != kind || !isHeader(m) || m.at != 0 {
			t.Fatalf("then comes %+v", m)
		}
	}
	first := l.next(t)
	if first.kind != kindVideo || first.body[0] != 0x17 || first.body[1] != 1 || first.at != 0 {
		t.Fatalf("the first picture is %+v", first.body[:5])
	}
	h.write(p, e, time.Second)
	last := map[uint8]time.Duration{kindVideo: 0, kindAudio: -20 * time.Millisecond}
	step := map[uint8]time.Duration{kindVideo: 34 * time.Millisecond, kindAudio: 20 * time.Millisecond}
	for range 100 {
		m := l.next(t)
		if d := m.at - last[m.kind]; d < 0 || d > step[m.kind] {
			t.Errorf("%d at %v after %v", m.kind, m.at, last[m.kind])
		}
		last[m.kind] = m.at
	}
}

// A publisher that comes back is a new generation: timestamps run on, and a new
// configuration is told before its first picture.
func TestAPublisherComesBack(t *testing.T) {
	h := newHouse(t, bus.Config{}, playout.Config{})
	p, e := h.encoder(avtest.H264Track(), avtest.AACTrack())
	h.write(p, e, 500*time.Millisecond)
	l := newLink(4096)
	stop, ended := h.play(l, nil)
	for l.next(t).kind != kindAudio { // it plays
	}
	p.Close()
	p, e = h.encoder(avtest.H264Main1080().Track(), avtest.AACTrack())
	h.write(p, e, 500*time.Millisecond)
	var newest time.Duration
	for {
		m := l.next(t)
		if m.at < newest-50*time.Millisecond {
			t.Errorf("%v after %v", m.at, newest)
		}
		newest = max(newest, m.at)
		if m.kind == kindVideo && isHeader(m) && newest > 400*time.Millisecond {
			break // the new one
		}
	}
	if m := l.next(t); !isHeader(m) && m.body[0] != 0x17 {
		t.Errorf("after the new configuration comes % x", m.body[:5])
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A player that stops reading loses pictures, is at a keyframe afterwards, and
// nobody waits for it.
func TestASlowPlayerLosesPicturesOnly(t *testing.T) {
	h := newHouse(t, bus.Config{MaxFrames: 256}, playout.Config{})
	p, e := h.encoder(avtest.H264Track(), avtest.AACTrack())
	h.write(p, e, 100*time.Millisecond)
	l := newLink(0)
	h.play(l, nil)
	l.next(t)
	h.write(p, e, 30*time.Second) // returns at once, and goes round the ring
	var last time.Duration
	for jumped := false; !jumped; {
		m := l.next(t)
		if m.kind != kindVideo || isHeader(m) {
			continue
		}
		if jumped = m.at > last+10*time.Second; jumped && m.body[0]>>4 != 1 {
			t.Error("it goes on at a picture that is no keyframe")
		}
		last = m.at
	}
	if h.room.Stats().Restarts == 0 {
		t.Error("not counted")
	}
}

// What the player does not read is left out, or goes enhanced if it reads that.
func TestCodecsThatThePlayerReads(t *testing.T) {
	opus := avtest.OpusTrack()
	for _, tc := range []struct {
		takes func(string) bool
		want  bool
	}{{nil, false}, {func(name string) bool { return name == "Opus" }, true}} {
		h := newHouse(t, bus.Config{}, playout.Config{})
		p, e := h.encoder(avtest.H264Track(), opus)
		h.write(p, e, 100*time.Millisecond)
		l := newLink(4096)
		h.play(l, tc.takes)
		h.write(p, e, 500*time.Millisecond)
		sound := false
		for range 20 {
			m := l.next(t)
			sound = sound || m.kind == kindAudio && m.body[0] == 0x91 && string(m.body[1:5]) == "Opus"
			if m.kind == kindAudio && !tc.want {
				t.Errorf("the player was sent % x", m.body[:2])
			}
			if m.kind == kindVideo && len(m.body) == 0 {
				t.Error("an empty message")
			}
			h.write(p, e, 20*time.Millisecond)
		}
		if sound != tc.want {
			t.Errorf("sound: %v, want %v", sound, tc.want)
		}
	}
}

// What a player does not want to hear is not sent; its pause ends at a keyframe.
func TestWhatAPlayerDoesNotWant(t *testing.T) {
	h := newHouse(t, bus.Config{}, playout.Config{})
	p, e := h.encoder(avtest.H264Track(), avtest.AACTrack())
	h.write(p, e, 100*time.Millisecond)
	l := newLink(4096)
	l.deaf = true
	h.play(l, nil)
	for range 30 {
		if m := l.next(t); m.kind == kindAudio && !isHeader(m) {
			t.Fatal("sound that nobody wants")
		}
		h.write(p, e, 40*time.Millisecond)
	}
}

func TestPlayersAreToldWhyNot(t *testing.T) {
	denied := func(context.Context, playout.Request) error { return playout.ErrDenied }
	for _, tc := range []struct {
		gate playout.Config
		want string
	}{
		{playout.Config{}, "error NetStream.Play.StreamNotFound nobody publishes live/x now"},
		{playout.Config{Authorize: denied}, "error NetStream.Play.Failed watching live/x is not allowed"},
	} {
		h := newHouse(t, bus.Config{}, tc.gate)
		l := newLink(1)
		_, ended := h.play(l, nil)
		if err := <-ended; err == nil || !strings.HasPrefix(l.heard(), tc.want) {
			t.Errorf("%v\n%s", err, l.heard())
		}
		if s := h.room.Stats(); s.Refused != 1 || s.Opened != 0 || s.Players != 0 {
			t.Errorf("%+v", s)
		}
	}
}

func TestTheStreamEnds(t *testing.T) {
	h := newHouse(t, bus.Config{Linger: time.Millisecond}, playout.Config{})
	p, e := h.encoder(avtest.H264Track(), avtest.AACTrack())
	h.write(p, e, 100*time.Millisecond)
	l := newLink(4096)
	_, ended := h.play(l, nil)
	l.next(t)
	p.Close()
	if err := <-ended; !errors.Is(err, bus.ErrEnded) {
		t.Error(err)
	}
	if !strings.HasSuffix(l.heard(), "status NetStream.Play.UnpublishNotify live/x has ended") {
		t.Error(l.heard())
	}
}

func TestPick(t *testing.T) {
	p := &player{takes: func(name string) bool { return name == "hvc1" }, log: slog.New(slog.DiscardHandler)}
	tracks := []*av.Track{
		{ID: 1, Kind: av.Video, Codec: av.AV1},
		{ID: 2, Kind: av.Video, Codec: av.H264, DerivedFrom: 1},
		{ID: 3, Kind: av.Audio, Codec: av.Opus},
	}
	if got := p.pick(tracks, av.Video); got == nil || got.ID != 2 {
		t.Errorf("picked %+v", got)
	}
	if got := p.pick(tracks, av.Audio); got != nil {
		t.Errorf("picked %+v", got)
	}
	tracks = append(tracks, &av.Track{ID: 4, Kind: av.Video, Codec: av.H265, Rendition: "1"}, &av.Track{ID: 5, Kind: av.Video, Codec: av.H265})
	if got := p.pick(tracks, av.Video); got == nil || got.ID != 5 {
		t.Errorf("picked %+v", got)
	}
	if p.offer().Takes(av.AV1) || !p.offer().Takes(av.H265) || !p.offer().Takes(av.AAC) {
		t.Error("offers what it does not take")
	}
	if form := flv.FormOf(tracks[4], p.takes); form != flv.Enhanced {
		t.Errorf("form %d", form)
	}
}
