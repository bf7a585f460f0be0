package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func (g *gateway) rtspURL(name string) string { return "rtsp://" + g.rtsp + "/" + name }

// publishRTSP is ffmpeg publishing a picture and a tone in real time, coded as
// the arguments say, until the test ends.
func (g *gateway) publishRTSP(name, transport string, codecs ...string) *ffmpeg {
	g.t.Helper()
	f := &ffmpeg{t: g.t, exited: make(chan struct{})}
	args := []string{
		"-hide_banner", "-loglevel", "error", "-nostdin", "-re",
		"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25",
		"-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-pix_fmt", "yuv420p",
	}
	args = append(append(args, codecs...), "-f", "rtsp", "-rtsp_transport", transport, g.rtspURL(name))
	f.cmd = exec.Command("ffmpeg", args...)
	f.cmd.Stderr = &f.stderr
	if err := f.cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	go func() {
		// How it ends does not matter: it is killed.
		_ = f.cmd.Wait()
		close(f.exited)
	}()
	g.t.Cleanup(f.kill)
	return f
}

// tracksOf waits for a stream with so many tracks.
func (g *gateway) tracksOf(name string, n int) {
	g.t.Helper()
	err := poll(g.t.Context(), patience, func() bool {
		info, live := g.stream(name)
		return live && len(info.Tracks) >= n
	})
	if err != nil {
		g.t.Fatalf("%s has not got %d tracks\n%s", name, n, g.tail())
	}
}

// played is what came of playing a stream.
type played struct {
	pictures, sounds int
	codecs           string
	complaints       []string // of the decoders
}

var (
	codecLine     = regexp.MustCompile(`(?m)^  Stream #0:\d+: (?:Video|Audio): (\w+)`)
	complaintLine = regexp.MustCompile(`(?mi)^.*(?:error|corrupt|missing|concealing|non-existing|no frame|invalid).*$`)
)

// playback is ffmpeg playing a file or a stream for so many seconds.
func playback(t *testing.T, seconds string, input ...string) (p played) {
	t.Helper()
	args := append([]string{"-loglevel", "info", "-nostats"}, input...)
	stdout, stderr := run(t, append(args, "-t", seconds, "-f", "framemd5", "-")...)
	for line := range strings.Lines(string(stdout)) {
		switch {
		case strings.HasPrefix(line, "0,"):
			p.pictures++
		case strings.HasPrefix(line, "1,"):
			p.sounds++
		}
	}
	in, _, _ := strings.Cut(string(stderr), "Stream mapping:")
	var codecs []string
	for _, m := range codecLine.FindAllStringSubmatch(in, -1) {
		codecs = append(codecs, m[1])
	}
	p.codecs = strings.Join(codecs, " ")
	p.complaints = complaintLine.FindAllString(string(stderr), -1)
	return p
}

// play is ffmpeg playing a stream over RTSP.
func (g *gateway) play(name, transport string) played {
	g.t.Helper()
	return playback(g.t, "1", "-rtsp_transport", transport, "-i", g.rtspURL(name))
}

const (
	rtspH264 = "-c:v libx264 -preset ultrafast -tune zerolatency -g 50 -b:v 300k"
	rtspAAC  = "-c:a aac -b:a 64k -ac 2"
)

// TestRTSPThereAndBack: what ffmpeg publishes over RTSP it plays back over RTSP,
// whatever the codecs and whichever way.
func TestRTSPThereAndBack(t *testing.T) {
	t.Parallel()
	g := start(t)
	for _, tc := range []struct{ name, in, out, codecs, want string }{
		{"h264-aac-tcp", "tcp", "tcp", rtspH264 + " " + rtspAAC, "h264 aac"},
		{"h264-aac-udp", "udp", "udp", rtspH264 + " " + rtspAAC, "h264 aac"},
		{"vp8-opus", "udp", "tcp", "-c:v libvpx -deadline realtime -cpu-used 8 -g 50 -c:a libopus -ac 2", "vp8 opus"},
		{"bframes-ulaw", "tcp", "tcp", "-c:v libx264 -preset veryfast -g 50 -bf 2 -c:a pcm_mulaw -ar 8000 -ac 1", "h264 pcm_mulaw"},
		{"h265-alaw", "tcp", "udp", "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=50 -c:a pcm_alaw -ar 8000 -ac 1", "hevc pcm_alaw"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g.t = t
			p := g.publishRTSP("live/"+tc.name, tc.in, strings.Fields(tc.codecs)...)
			g.tracksOf("live/"+tc.name, 2)
			got := g.play("live/"+tc.name, tc.out)
			if got.codecs != tc.want || got.pictures < 15 || got.sounds < 10 || tc.out == "tcp" && len(got.complaints) > 0 {
				t.Errorf("%+v", got)
			}
			p.running()
			p.kill()
		})
	}
	g.t = t
}

// TestRTSPOfRTMP: what came over RTMP is played over RTSP, from the cached keyframe
// on, and GStreamer can do it too.
func TestRTSPOfRTMP(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.publish(zeroLatency, "live/a")
	g.waitLive("live/a")
	begun := time.Now()
	var first bytes.Buffer
	probe := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-analyzeduration", "500000",
		"-select_streams", "v", "-read_intervals", "%+#1", "-show_entries", "packet=flags", "-of", "csv=p=0", g.rtspURL("live/a"))
	probe.Stdout = &first
	if err := probe.Run(); err != nil || !strings.HasPrefix(first.String(), "K") {
		t.Errorf("the first packet is %q: %v", first.String(), err)
	}
	if took := time.Since(begun); strict() && took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	if got := g.play("live/a", "tcp"); got.codecs != "h264 aac" || got.pictures < 20 || got.sounds < 15 || len(got.complaints) > 0 {
		t.Errorf("%+v", got)
	}
	for _, transport := range []string{"tcp", "udp"} {
		file := filepath.Join(t.TempDir(), transport+".h264")
		play := exec.CommandContext(t.Context(), "gst-launch-1.0", "-q", "rtspsrc", "location="+g.rtspURL("live/a"),
			"protocols="+transport, "latency=100", "!", "application/x-rtp,media=video", "!", "rtph264depay", "!",
			"video/x-h264,stream-format=byte-stream", "!", "filesink", "buffer-mode=unbuffered", "location="+file)
		play.Env = append(os.Environ(), "HOME="+t.TempDir())
		var said bytes.Buffer
		play.Stdout, play.Stderr = &said, &said
		if err := play.Start(); err != nil {
			t.Fatalf("GStreamer: %v", err)
		}
		err := poll(t.Context(), patience, func() bool {
			info, err := os.Stat(file)
			return err == nil && info.Size() > 400<<10
		})
		// It plays for ever, and says goodbye when it is asked to end.
		_ = play.Process.Signal(os.Interrupt)
		_ = play.Wait()
		if err != nil {
			t.Fatalf("GStreamer over %s: %v\n%s\n%s", transport, err, said.String(), g.tail())
		}
		if got := playback(t, "2", "-i", file); got.pictures < 15 {
			t.Errorf("GStreamer over %s: %+v", transport, got)
		}
	}
}

// TestRTSPToWebRTC: what cameras send reaches browsers without being touched.
func TestRTSPToWebRTC(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.publishRTSP("live/a", "tcp", strings.Fields(rtspH264+" -c:a pcm_alaw -ar 8000 -ac 1")...)
	g.tracksOf("live/a", 2)
	v := g.watch(withDeadline(t, 2*patience), "live/a")
	v.more(t, 50)
	if u := v.video()[0]; !u.Key || !u.Complete {
		t.Errorf("the first picture is no whole keyframe: %s", describe(u))
	}
}

// TestRTSPRefuses: nothing live is a 404 with words, and a name that is taken says so.
func TestRTSPRefuses(t *testing.T) {
	t.Parallel()
	g := start(t)
	out, _ := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-rtsp_transport", "tcp", g.rtspURL("live/nothing")).CombinedOutput()
	if !strings.Contains(string(out), "404") {
		t.Errorf("nothing live: %s", out)
	}
	g.publish(zeroLatency, "live/a")
	g.waitLive("live/a")
	f := g.publishRTSP("live/a", "tcp", strings.Fields(rtspH264+" "+rtspAAC)...)
	select {
	case <-f.exited:
		if said := f.stderr.String(); !strings.Contains(said, "409") || !strings.Contains(said, "published already") {
			t.Errorf("taken: %s", said)
		}
	case <-time.After(patience):
		t.Error("somebody else's name was given away")
	}
}

// TestRTSPS: ffmpeg publishes and plays over TLS, and what came that way is there
// for everybody.
func TestRTSPS(t *testing.T) {
	t.Parallel()
	public, secret := certificate(t)
	g := start(t, "MILLRACE_RTSPS_ADDRESS=127.0.0.1:0", "MILLRACE_TLS_CERTIFICATE="+public, "MILLRACE_TLS_KEY="+secret)
	url := "rtsps://" + g.listening("rtsps") + "/live/tls"
	publisher := exec.CommandContext(t.Context(), "ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1", "-i", toneClip,
		"-c", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "rtsp", url)
	if err := publisher.Start(); err != nil {
		t.Fatal(err)
	}
	g.tracksOf("live/tls", 2)
	for _, from := range []string{url, g.rtspURL("live/tls")} {
		if p := playback(t, "1", "-rtsp_transport", "tcp", "-i", from); p.pictures < 15 || p.codecs != "h264 aac" {
			t.Errorf("%s: %+v\n%s", from, p, g.tail())
		}
	}
	_ = publisher.Process.Kill()
	_ = publisher.Wait()
}
