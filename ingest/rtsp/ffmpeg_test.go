package rtsp

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"millrace/ingest"
	"millrace/transmux/av"
)

// publish lets ffmpeg publish synthetic media until the test ends.
func (h *house) publish(name, transport string, codec ...string) {
	h.t.Helper()
	args := []string{
		"-hide_banner", "-loglevel", "warning", "-nostdin", "-re",
		"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
		"-pix_fmt", "yuv420p",
	}
	args = append(append(args, codec...), "-f", "rtsp", "-rtsp_transport", transport, h.url(name))
	cmd := exec.CommandContext(h.t.Context(), "ffmpeg", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed
		close(done)
	}()
	h.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		if h.t.Failed() {
			h.t.Logf("ffmpeg: %s", stderr.String())
		}
	})
}

var (
	x264 = []string{"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-b:v", "300k"}
	aac  = []string{"-c:a", "aac", "-b:a", "64k"}
)

func TestFFmpegPublishes(t *testing.T) {
	for name, tc := range map[string]struct {
		transport string
		codec     []string
		want      []av.Codec
	}{
		"H264 and AAC over TCP":  {"tcp", append(append([]string{}, x264...), aac...), []av.Codec{av.H264, av.AAC}},
		"H264 and AAC over UDP":  {"udp", append(append([]string{}, x264...), aac...), []av.Codec{av.H264, av.AAC}},
		"B-frames and G.711":     {"tcp", []string{"-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "25", "-c:a", "pcm_mulaw", "-ar", "8000", "-ac", "1"}, []av.Codec{av.H264, av.PCMU}},
		"VP8 and Opus":           {"udp", []string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "25", "-c:a", "libopus", "-ac", "2"}, []av.Codec{av.VP8, av.Opus}},
		"H265 and A-law":         {"tcp", []string{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=25", "-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1"}, []av.Codec{av.H265, av.PCMA}},
		"H264 and MP3":           {"tcp", append(append([]string{}, x264...), "-c:a", "libmp3lame"), []av.Codec{av.H264, av.MP3}},
		"H264 and LATM":          {"tcp", append(append(append([]string{}, x264...), aac...), "-rtpflags", "latm"), []av.Codec{av.H264, av.AAC}},
		"VP9, without any sound": {"tcp", []string{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "25", "-strict", "experimental", "-an"}, []av.Codec{av.VP9}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := build(t, ingest.Config{})
			h.publish("live/a", tc.transport, tc.codec...)
			tracks := h.tracks("live/a", len(tc.want), 10)
			for _, track := range tracks {
				if got := track.Track.Codec; got != tc.want[track.Track.Kind-1] {
					t.Errorf("%s: %s", track.Track.Kind, got)
				}
			}
			// How far pictures are out of order shows with the first that are.
			for _, f := range h.collect("live/a", 40)[20:] {
				if f.DTS > f.PTS+1e6 && f.Track.Kind == av.Video || f.PTS < 0 {
					t.Errorf("%s: decoded at %v, shown at %v", f.Track.Codec, f.DTS, f.PTS)
				}
			}
		})
	}
}

// ffmpeg answers the challenge with Digest.
func TestFFmpegHasCredentials(t *testing.T) {
	t.Parallel()
	var digest atomic.Bool
	h := build(t, ingest.Config{Authorize: func(_ context.Context, r ingest.Request) error {
		if r.User != "anna" || r.Proves == nil || !r.Proves("s3cret") || r.Proves("other") {
			return ingest.ErrDenied
		}
		digest.Store(true)
		return nil
	}})
	h.addr = "anna:s3cret@" + h.addr
	h.publish("live/a", "tcp", append(append([]string{}, x264...), aac...)...)
	h.tracks("live/a", 2, 5)
	if !digest.Load() {
		t.Error("it came in without")
	}
	if strings.Contains(h.log.String(), "s3cret") {
		t.Error("the password is logged")
	}
}
