package e2e

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"
)

// The clips, as encoders really make them.
const (
	zeroLatency = "testdata/zerolatency.flv"       // 720p30, no B-frames, keyframe every 2 s, two slices
	obsDefault  = "testdata/obs-default.flv"       // 720p30, 66 % B-frames, keyframe every 8.3 s, sound alone for the first 5.3 s
	toneClip    = "testdata/small-bframes-44k.flv" // 320x180, 44.1 kHz, 440 Hz left and 660 Hz right
)

// ffmpeg is a publisher that loops a file over RTMP in real time.
type ffmpeg struct {
	t      *testing.T
	cmd    *exec.Cmd
	exited chan struct{}
	stderr bytes.Buffer // read after exited
}

// publish begins to publish and ends with the test.
func (g *gateway) publish(clip, name string) *ffmpeg {
	g.t.Helper()
	f := &ffmpeg{t: g.t, exited: make(chan struct{})}
	f.cmd = exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-re",
		"-stream_loop", "-1", "-i", clip, "-c", "copy", "-f", "flv", g.rtmpURL(name))
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

// running fails the test where the publisher has been thrown out.
func (f *ffmpeg) running() {
	f.t.Helper()
	select {
	case <-f.exited:
		f.t.Errorf("the publisher ended: %s", f.stderr.String())
	default:
	}
}

// kill ends it without a goodbye, as a crash would.
func (f *ffmpeg) kill() {
	// It may have ended already.
	_ = f.cmd.Process.Kill()
	<-f.exited
}

// run runs ffmpeg to its end and returns what it printed.
func run(t *testing.T, args ...string) (stdout, stderr []byte) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-hide_banner", "-nostdin", "-y"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, errs.String())
	}
	return out.Bytes(), errs.Bytes()
}

// lightClip makes a clip of 0.3 Mb/s with a keyframe a second, for tests where
// the number of viewers is the point.
func lightClip(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "light.flv")
	run(t, "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=10",
		"-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=10",
		"-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "30",
		"-b:v", "250k", "-maxrate", "250k", "-bufsize", "125k", "-c:a", "aac", "-b:a", "64k", "-ac", "2", file)
	return file
}
