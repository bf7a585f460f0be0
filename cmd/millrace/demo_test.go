package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"millrace/transmux/rtc/peer"
)

// TestDemo runs the demo and waits until its stream plays: both tracks, keyframes,
// and nothing to warn of.
func TestDemo(t *testing.T) {
	p := start(t, []string{"demo"})
	at := p.listening()
	type shown struct {
		Live   bool
		Tracks []struct {
			Kind, Codec, Playable string
			Keyframes, Frames     int
		}
		Warnings []struct{ Code string }
	}
	var s shown
	playing := func() bool {
		status, body, err := fetch("http://" + at["http"] + "/api/v1/streams/live/demo")
		if err != nil {
			t.Fatal(err)
		}
		s = shown{}
		if status != 200 {
			return false
		}
		if err := json.Unmarshal([]byte(body), &s); err != nil {
			t.Fatal(err)
		}
		return s.Live && len(s.Tracks) == 2 && s.Tracks[0].Frames > 10 && s.Tracks[1].Frames > 10
	}
	for deadline := time.Now().Add(patience); !playing(); {
		if time.Now().After(deadline) {
			t.Fatalf("the demo does not play: %+v", s)
		}
		<-time.After(20 * time.Millisecond) // between two looks
	}
	if s.Tracks[0].Codec != "H264" || s.Tracks[0].Playable != "pass" || s.Tracks[0].Keyframes == 0 {
		t.Errorf("video: %+v", s.Tracks[0])
	}
	if s.Tracks[1].Codec != "AAC" || s.Tracks[1].Playable != "derive" {
		t.Errorf("audio: %+v", s.Tracks[1])
	}
	if len(s.Warnings) > 0 {
		t.Errorf("the demo should be faultless: %+v", s.Warnings)
	}
	viewer := watch(t, "http://"+at["http"]+"/whep/live/demo")
	_, metrics, err := fetch("http://" + at["http"] + "/metrics")
	if err != nil || !strings.Contains(metrics, "\nmillrace_join_seconds_count 1\n") || strings.Contains(metrics, "\nmillrace_added_latency_seconds_count 0\n") {
		t.Errorf("nothing was measured (%v)", err)
	}

	p.signal(syscall.SIGTERM)
	begun := time.Now()
	select {
	case <-viewer.Done():
	case <-time.After(patience):
	}
	if err := viewer.Err(); !errors.Is(err, peer.ErrGoodbye) {
		t.Errorf("the viewer was not told: %v", err)
	}
	code, log := p.exit()
	if took := time.Since(begun); code != 0 || took > 5*time.Second {
		t.Errorf("exit code %d after %s\n%s", code, took, log)
	}
	if strings.Contains(log, `"level":"WARN"`) || strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("a clean stop has nothing to warn of:\n%s", log)
	}
	for _, address := range []string{
		"http://" + at["http"] + "/watch/live/demo", "http://" + at["http"] + "/\n", "rtmp://" + at["rtmp"] + "/live\n",
	} {
		if !strings.Contains(p.stdout.String(), address) {
			t.Errorf("it does not tell %q:\n%s", address, p.stdout)
		}
	}
}

// watch joins as a viewer and waits until it has a keyframe and some frames more.
func watch(t *testing.T, endpoint string) *peer.Viewer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	units := make(chan struct{}, 1000)
	viewer, err := peer.Watch(ctx, endpoint, peer.Options{
		Listen: "127.0.0.1:0",
		OnAccessUnit: func(peer.AccessUnit) {
			select {
			case units <- struct{}{}:
			default: // enough have been counted
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = viewer.Vanish() }) // no news after its end
	if err := viewer.WaitKeyframe(ctx); err != nil {
		t.Fatal(err)
	}
	for range 90 { // a GOP and a second of the live edge
		select {
		case <-units:
		case <-ctx.Done():
			t.Fatal("the picture stopped")
		}
	}
	return viewer
}

func TestReachable(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:0": "127.0.0.1", ":0": "localhost", "0.0.0.0:0": "localhost",
	} {
		l, err := listenTCP("http.address", address)
		if err != nil {
			t.Fatal(err)
		}
		host, _, _ := strings.Cut(reachable(l, "localhost"), ":")
		if host != want {
			t.Errorf("%s is reached at %s, want %s", address, host, want)
		}
		_ = l.Close()
	}
}
