package rtmp

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"millrace/ingest"
	"millrace/transmux/av"
)

func TestPublishLoops(t *testing.T) {
	h := start(t, setup{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	published := make(chan struct{})
	short := cut(clip(t), time.Second)
	parsed, err := parseClip(short)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	go func() {
		done <- Publish(ctx, "rtmp://"+h.addr+"/live/loop?token=x", short,
			PublishOptions{Loops: 3, Published: func() { close(published) }})
	}()
	<-published
	viewer := h.watch("live/loop")
	viewer.follow()
	per := 0
	for _, tag := range parsed.tags {
		if !tag.config && tag.kind != typeDataAMF0 {
			per++
		}
	}
	frames := viewer.frames(3*per - 20) // some may have passed before we joined
	last := map[av.Kind]*av.Frame{}
	for _, f := range frames {
		before := last[f.Track.Kind]
		last[f.Track.Kind] = f
		if before == nil {
			continue
		}
		step := f.DTS - before.DTS
		low, high := time.Millisecond, 60*time.Millisecond // the cut is ragged
		if f.Track.Kind == av.Audio {                      // 23.22 ms, in milliseconds
			low, high = 22*time.Millisecond, 25*time.Millisecond
		}
		if step < low || step > high {
			t.Errorf("%s: DTS %v after %v", f.Track.Kind, f.DTS, before.DTS)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 2800*time.Millisecond {
		t.Errorf("three seconds took %v", took)
	}
	await(t, "the closing line", func() bool { return h.log.Has("cause=unpublished") })
}

// cut keeps an FLV file's first part.
func cut(b []byte, length time.Duration) []byte {
	at := 13
	for at+11 <= len(b) && time.Duration(uint24(b[at+4:]))*time.Millisecond < length {
		at += 11 + int(uint24(b[at+1:])) + 4
	}
	return b[:at]
}

func TestClipLength(t *testing.T) {
	c, err := parseClip(clip(t))
	if err != nil {
		t.Fatal(err)
	}
	frames := 0
	for _, tag := range c.tags {
		if tag.kind == typeAudio && !tag.config {
			frames++
		}
	}
	if want := time.Duration(frames) * 1024 * time.Second / 44100; (c.length - want).Abs() > time.Microsecond {
		t.Errorf("length %v, want %d audio frames, %v", c.length, frames, want)
	}
	if c.repeat {
		t.Error("configurations do not change in this clip")
	}
}

func TestPublishIsRefused(t *testing.T) {
	h := start(t, setup{gate: ingest.Config{Authorize: func(_ context.Context, r ingest.Request) error {
		if r.Credential != "right" {
			return ingest.ErrDenied
		}
		return nil
	}}})
	for _, tt := range []struct {
		query string
		want  error
	}{{"", ErrRefused}, {"?token=wrong", ErrRefused}, {"?a=b&token=right", nil}} {
		err := Publish(t.Context(), "rtmp://"+h.addr+"/live/x"+tt.query, cut(clip(t), 200*time.Millisecond), PublishOptions{Loops: 1})
		if !errors.Is(err, tt.want) {
			t.Errorf("%q: got %v, want %v", tt.query, err, tt.want)
		}
	}
	if got := h.srv.Stats().Refused[reasonDenied]; got != 2 {
		t.Errorf("%d denials", got)
	}
}

func TestPublishStops(t *testing.T) {
	h := start(t, setup{})
	ctx, cancel := context.WithCancel(t.Context())
	err := Publish(ctx, "rtmp://"+h.addr+"/live/x", clip(t), PublishOptions{Published: cancel})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPublishToADeadServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := Publish(ctx, "rtmp://"+l.Addr().String()+"/live/x", clip(t), PublishOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestPublishHearsOfTheEnd(t *testing.T) {
	h := start(t, setup{})
	published := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- Publish(t.Context(), "rtmp://"+h.addr+"/live/x", clip(t), PublishOptions{Published: func() { close(published) }})
	}()
	<-published
	begin := time.Now()
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if err := <-done; err == nil {
		t.Error("the publisher does not know that it is over")
	}
	if !h.log.Has("cause=\"gateway is shutting down\"") {
		t.Error("the log does not tell")
	}
}

func FuzzClip(f *testing.F) {
	f.Add(clip(f)[:3000])
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := parseClip(b); err == nil && c.length <= 0 {
			t.Errorf("length %v", c.length)
		}
	})
}
