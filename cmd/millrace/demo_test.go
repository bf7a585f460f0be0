package main

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"
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
	p.signal(syscall.SIGTERM)
	begun := time.Now()
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
