package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"millrace/transmux/rtc/peer"
)

const (
	// backAgain is how long viewers may be without a picture after ffmpeg was killed.
	backAgain = 3 * time.Second
	// fullRate is the least that counts as all 30 pictures a second.
	fullRate = 29.0
	// derivedRun is how long the pictures are counted.
	derivedRun = 4 * time.Second
)

// children are the processes of ffmpeg that the gateway has (proc(5), stat).
func (g *gateway) children() []int {
	var pids []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		name := raw[bytes.IndexByte(raw, '(')+1 : bytes.LastIndexByte(raw, ')')]
		fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
		if string(name) == "ffmpeg" && string(fields[1]) == strconv.Itoa(g.cmd.Process.Pid) && string(fields[0]) != "Z" {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// processes waits until the gateway has so many of ffmpeg.
func (g *gateway) processes(t *testing.T, n int) []int {
	t.Helper()
	var pids []int
	if err := poll(t.Context(), patience, func() bool { pids = g.children(); return len(pids) == n }); err != nil {
		t.Fatalf("%d processes of ffmpeg, wanted %d\n%s", len(pids), n, g.tail())
	}
	return pids
}

// pictureOnly is the clip of OBS's defaults from its first picture on.
func pictureOnly(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "obs.flv")
	run(t, "-loglevel", "error", "-i", obsDefault, "-ss", "5.2", "-c", "copy", file)
	return file
}

// reencoded waits until the viewer is sent pictures that x264 made here: those have two
// slices and no gaps where the B-frames were.
func (r *recorder) reencoded(t *testing.T, original [][][]byte) int {
	t.Helper()
	known := map[[32]byte]bool{}
	for _, p := range original {
		known[fingerprint(p)] = true
	}
	first := -1
	err := poll(t.Context(), patience, func() bool {
		units := r.video()
		first = slices.IndexFunc(units, func(u peer.AccessUnit) bool { return !known[fingerprint(u.NALUs)] })
		return first >= 0 && len(units) > first+10
	})
	if err != nil {
		t.Fatalf("no picture that was encoded anew among %d", len(r.video()))
	}
	return first
}

// rate is the pictures a second over whole runs of RTP time.
func rate(units []peer.AccessUnit) float64 {
	span := units[len(units)-1].Timestamp - units[0].Timestamp
	return float64(len(units)-1) * 90000 / float64(span)
}

// TestDerivedPicture: B-frames are taken out by one ffmpeg for all viewers, at the full
// rate, in the session that began without them; without viewers none runs; one that is
// killed is replaced.
func TestDerivedPicture(t *testing.T) {
	g := start(t)
	clip := pictureOnly(t)
	source := g.publish(clip, "live/obs")
	g.waitLive("live/obs")
	g.processes(t, 0)
	r := g.watch(withDeadline(t, patience), "live/obs")
	original := readClip(t, clip).pictures()
	first := r.reencoded(t, original)
	if first == 0 {
		t.Error("the first picture waited for ffmpeg")
	}
	others := []*recorder{g.watch(withDeadline(t, patience), "live/obs"), g.watch(withDeadline(t, patience), "live/obs")}
	pass(t, derivedRun)
	pids := g.processes(t, 1)
	units := r.video()[first:]
	got := rate(units)
	t.Logf("%d lesser pictures, then %.1f a second", first, got)
	if got < fullRate && strict() || got < 13 { // a slow machine leaves B-frames out; without them there are ten
		t.Errorf("%.1f pictures a second, wanted %.0f", got, fullRate)
	}
	s, _ := g.stream("live/obs")
	for _, w := range s.Warnings {
		if w.Code == "b_frames" {
			t.Errorf("warned of B-frames that are taken out: %+v", w)
		}
	}
	for _, track := range s.Tracks {
		if track.Kind == "video" && track.DerivedFrom == 0 && track.Playable != "derive" {
			t.Errorf("the picture is told as %q (%s)", track.Playable, track.Note)
		}
	}

	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	r.more(t, 3)
	atMost(t, "without a picture after ffmpeg was killed", time.Since(killed), backAgain)
	if err := poll(t.Context(), patience, func() bool { n := g.children(); return len(n) == 1 && n[0] != pids[0] }); err != nil {
		t.Fatal("ffmpeg was not replaced")
	}
	r.more(t, 30)
	pass(t, time.Second)
	if again := r.reencoded(t, original); again < 0 {
		t.Error("no picture was made anew")
	}
	cpu := g.metric("millrace_ffmpeg_cpu_seconds_total")
	t.Logf("%.2f s of CPU", cpu)

	for _, v := range append(others, r) {
		v.leave(t)
	}
	r.flawless(t)
	g.processes(t, 0)
	source.running()
}

// TestNothingIsLeftBehind: ffmpeg ends with the gateway, however that comes.
func TestNothingIsLeftBehind(t *testing.T) {
	g := start(t)
	g.publish(pictureOnly(t), "live/obs")
	g.waitLive("live/obs")
	r := g.watch(withDeadline(t, patience), "live/obs")
	if err := r.WaitKeyframe(withDeadline(t, patience)); err != nil {
		t.Fatal(err)
	}
	pid := g.processes(t, 1)[0]
	if err := r.Vanish(); err != nil { // there is nobody to say goodbye to
		t.Error(err)
	}
	g.stopped = true // it is not asked
	if err := g.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-g.exited
	gone := func() bool {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || bytes.Contains(state, []byte(") Z "))
	}
	if err := poll(t.Context(), patience, gone); err != nil {
		t.Errorf("ffmpeg %d lives on", pid)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// TestDerivedSound: what cannot be made in the process is made by ffmpeg.
func TestDerivedSound(t *testing.T) {
	for name, arguments := range map[string][]string{
		"5.1": {"-c:a", "aac", "-ac", "6"},
		"MP3": {"-c:a", "libmp3lame", "-ac", "2", "-ar", "44100"},
	} {
		t.Run(name, func(t *testing.T) {
			g := start(t)
			clip := filepath.Join(t.TempDir(), "sound.flv")
			run(t, append([]string{
				"-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10:duration=10",
				"-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=10",
				"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "10",
			}, append(arguments, clip)...)...)
			g.publish(clip, "live/sound")
			g.waitLive("live/sound")
			r := g.watch(withDeadline(t, patience), "live/sound")
			if err := poll(t.Context(), patience, func() bool { return len(r.audio()) > 150 }); err != nil {
				s, _ := g.stream("live/sound")
				t.Fatalf("%d sounds; %+v\n%s", len(r.audio()), s, g.tail())
			}
			sounds := r.audio()
			var packets [][]byte
			for _, s := range sounds {
				packets = append(packets, s.payload)
			}
			left, _ := decode(t, oggFile(t, packets))
			share := median(tones(left, 440, 660), func(x tone) float64 { return x.share })
			if share < 0.9 {
				t.Errorf("%.1f %% of the sound is the tone", 100*share)
			}
			g.processes(t, 1)
			r.leave(t)
			r.flawless(t)
		})
	}
}
