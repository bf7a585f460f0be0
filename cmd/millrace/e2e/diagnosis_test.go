package e2e

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millrace/api/diagnosis"
)

// diagnose asks why a stream does not play, and gives the checks by their ids.
func (g *gateway) diagnose(name string) map[string]diagnosis.Check {
	g.t.Helper()
	resp, body := g.request(http.MethodGet, g.url("/api/v1/streams/"+name+"/diagnosis"), "", "")
	var report diagnosis.Report
	if err := json.Unmarshal(body, &report); err != nil || resp.StatusCode != http.StatusOK || report.Stream != name {
		g.t.Fatalf("%s: %v\n%s", resp.Status, err, body)
	}
	checks := map[string]diagnosis.Check{}
	for _, c := range report.Checks {
		checks[c.ID] = c
	}
	return checks
}

// cured waits until a check has found something, and wants its remedy to name a
// setting.
func (g *gateway) cured(name, id, code, remedy string) {
	g.t.Helper()
	var c diagnosis.Check
	if err := poll(g.t.Context(), patience, func() bool { c = g.diagnose(name)[id]; return c.Code == code }); err != nil {
		g.t.Fatalf("%s: %s has not found %s: %+v", name, id, code, c)
	}
	if !strings.Contains(c.Remedy, remedy) || c.Seen == "" || c.Verdict != diagnosis.Warning && c.Verdict != diagnosis.Bad {
		g.t.Errorf("%s: %+v", name, c)
	}
}

// twentySeconds is a clip with one keyframe in 20 s.
func twentySeconds(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "far.flv")
	run(t, "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=30:duration=20",
		"-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=20",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "600", "-sc_threshold", "0",
		"-c:a", "aac", "-ac", "2", file)
	return file
}

// heAAC is a clip whose sound is announced as HE-AAC of 48 kHz: encoders that make it
// are not free. Its core is AAC-LC of half the rate, and no unit has anything for the
// upper half, which the specification leaves to encoders (ISO 14496-3 section 4.6.18).
func heAAC(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	plain, file := filepath.Join(dir, "lc.flv"), filepath.Join(dir, "he.flv")
	run(t, "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=30:duration=10",
		"-f", "lavfi", "-i", "sine=frequency=440:sample_rate=24000:duration=10",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "30",
		"-c:a", "aac", "-ac", "2", plain)
	config, err := hex.DecodeString("2b118800") // SBR, 24 kHz, stereo, 48 kHz, AAC-LC (section 1.6.2.1)
	if err != nil {
		t.Fatal(err)
	}
	out := []byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00")
	for _, g := range readClip(t, plain).tags {
		if g.kind == tagAudio && len(g.body) > 2 && g.body[1] == 0 { // the configuration
			g.body = append(g.body[:2:2], config...)
		}
		out = appendTag(out, g)
	}
	if err := os.WriteFile(file, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// appendTag writes a tag and its size (FLV specification, annex E.4).
func appendTag(out []byte, g tag) []byte {
	n, ms := len(g.body), g.at.Milliseconds()
	out = append(out, g.kind, byte(n>>16), byte(n>>8), byte(n), byte(ms>>16), byte(ms>>8), byte(ms), byte(ms>>24), 0, 0, 0)
	out = append(out, g.body...)
	n += 11
	return append(out, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// TestDiagnosis: what encoders send by default or by mistake, where there is no ffmpeg
// to make it good: each gives its remedy. The blocked UDP port is looked at by a
// browser, in web/live-e2e.
func TestDiagnosis(t *testing.T) {
	t.Parallel()
	g := start(t, withoutFFmpeg)
	g.publish(obsDefault, "live/obs")
	g.publish(twentySeconds(t), "live/far")
	g.publish(heAAC(t), "live/he")
	for _, name := range []string{"live/obs", "live/far", "live/he"} {
		g.waitLive(name)
	}
	g.cured("live/obs", "b_frames", "b_frames", "Tune to zerolatency")
	g.cured("live/he", "audio_codec", "audio_unplayable", "FFmpeg AAC")
	g.cured("live/far", "keyframes", "long_keyframe_interval", "Keyframe Interval to 1 s or 2 s")
	if c := g.diagnose("live/he")["audio_codec"]; !strings.Contains(c.Seen, "HE-AAC, 48 kHz, stereo") {
		t.Errorf("%+v", c)
	}
	// The warnings say the same, in the same words.
	s, _ := g.stream("live/he")
	contains(t, s.Warnings, "audio_unplayable")

	checks := g.diagnose("live/far")
	for _, id := range []string{"publisher", "video_codec", "audio_codec", "b_frames", "gop_cache", "clock", "limits", "addresses", "tcp_fallback"} {
		if c := checks[id]; c.Verdict != diagnosis.OK {
			t.Errorf("%s: %+v", id, c)
		}
	}
	if c := checks["addresses"]; !strings.Contains(c.Seen, g.webrtc) {
		t.Errorf("%s is not named: %+v", g.webrtc, c)
	}
	g.cured("live/Far", "publisher", "wrong_name", "/watch/live/far")
}

// TestDiagnosisCured: with ffmpeg the same is no trouble, and is told.
func TestDiagnosisCured(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.publish(heAAC(t), "live/he")
	g.waitLive("live/he")
	if c := g.diagnose("live/he")["audio_codec"]; c.Verdict != diagnosis.OK || !strings.Contains(c.Why, "turned into Opus") {
		t.Errorf("%+v", c)
	}
	r := g.watch(withDeadline(t, patience), "live/he")
	if err := poll(t.Context(), patience, func() bool { return len(r.audio()) > 50 }); err != nil {
		t.Errorf("%d sounds of HE-AAC\n%s", len(r.audio()), g.tail())
	}
	if err := poll(t.Context(), patience, func() bool { return g.diagnose("live/he")["connecting"].Verdict == diagnosis.OK }); err != nil {
		t.Errorf("%+v", g.diagnose("live/he")["connecting"])
	}
	r.leave(t)
}

// TestDiagnosisOfTheRefused: who tried to publish and may not is told to the one who
// looks, without what they tried with.
func TestDiagnosisOfTheRefused(t *testing.T) {
	t.Parallel()
	g := start(t, "MILLRACE_AUTH_OPEN=play,read", "MILLRACE_AUTH_KEYS={obs: sesame-sesame-sesame}")
	c, err := dialRTMP(t.Context(), g.rtmp)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.publish("live/locked?token=wrong-wrong-wrong"); err == nil {
		t.Error("let in with a wrong key")
	}
	g.cured("live/locked", "credentials", "publisher_refused", "?token=")
	if c := g.diagnose("live/locked")["credentials"]; strings.Contains(c.Seen+c.Why, "wrong-wrong") {
		t.Errorf("told the key: %+v", c)
	}
}

// TestDiagnosisOfTheUnreachable: a viewer that has an answer and whose packets never
// come is counted, also where it gives up by itself.
func TestDiagnosisOfTheUnreachable(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.publish(toneClip, "live/shut")
	g.waitLive("live/shut")
	offer := offerOf("recvonly", "actpass", mVideo, mAudio)
	resp, body := g.request(http.MethodPost, g.whep("live/shut"), "application/sdp", offer)
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("%s\n%s", resp.Status, body)
	}
	pass(t, 2500*time.Millisecond) // pages wait for 8 s
	if resp, body := g.request(http.MethodDelete, g.url(resp.Header.Get("Location")), "", ""); resp.StatusCode != http.StatusOK {
		t.Errorf("%s\n%s", resp.Status, body)
	}
	g.cured("live/shut", "connecting", "unreachable", "Open UDP and TCP port")
}
