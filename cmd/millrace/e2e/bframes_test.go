package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/rtc/peer"
)

// The clip's pictures begin 5.3 s behind its sound, are there for 11.7 s with
// keyframes 8.3 s apart, and so have a hole of 5.4 s wherever it begins anew.
const (
	intoTheGOP = 3 * time.Second // and 6 s to the next keyframe
	overNext   = 6 * time.Second
	holeInClip = 5400 * time.Millisecond
	// maxReorder is by how much the clip's pictures are sent before they are shown:
	// four frames at most.
	maxReorder = 250 * time.Millisecond
)

// withoutFFmpeg is a gateway that cannot take B-frames out of a picture.
const withoutFFmpeg = "MILLRACE_FFMPEG_PATH=off"

// TestBFrames: what OBS sends as it comes out of the box, where there is no ffmpeg. Its
// B-frames stay away from viewers, everything else comes as the encoder made it, and the
// stream says so.
func TestBFrames(t *testing.T) {
	g := start(t, withoutFFmpeg)
	source := g.publish(obsDefault, "live/obs")
	g.waitLive("live/obs")
	r := g.watch(withDeadline(t, patience), "live/obs")
	edge := r.edge(t)
	pass(t, intoTheGOP)
	late := g.watch(withDeadline(t, patience), "live/obs") // into the middle of a long GOP
	lateEdge := late.edge(t)
	late.leave(t)
	late.flawless(t)
	pass(t, overNext)
	told(t, g)
	r.more(t, 30) // into the next turn, which may be over a hole
	err := poll(t.Context(), patience, func() bool { return len(r.video()) > 130 })
	if err != nil {
		t.Errorf("%d pictures; the clip has 121", len(r.video()))
	}
	r.leave(t)
	r.flawless(t)
	source.running()
	t.Logf("first whole keyframe after %v and %v; one second after joining %v and %v behind",
		r.Timing().FirstKeyframe, late.Timing().FirstKeyframe, edge, lateEdge)
	// A picture that is shown after B-frames is there before its time.
	atMost(t, "behind the live edge after a second", max(edge, lateEdge), liveEdge)
	if early := min(edge, lateEdge); early < -maxReorder {
		t.Errorf("pictures come %v before their time", -early)
	}
	if s := r.Stats(av.Video); s.LongestSilence > holeInClip+time.Second {
		t.Errorf("no picture for %v; the clip's hole is %v", s.LongestSilence, holeInClip)
	}

	wanted := readClip(t, obsDefault).pictures()
	follows(t, wanted, r.video())
	follows(t, wanted, late.video())
	decodes(t, r.video())
}

// follows wants the pictures to be the clip's, without its B-frames and without
// a gap, from anywhere on and round the loop.
func follows(t *testing.T, wanted [][][]byte, units []peer.AccessUnit) {
	t.Helper()
	number := map[[32]byte]int{}
	for i, p := range wanted {
		number[fingerprint(p)] = i
	}
	next := -1
	for i, u := range units {
		if bidirectional(u.NALUs) {
			t.Errorf("picture %d has a B slice", i)
		}
		n, ok := number[fingerprint(u.NALUs)]
		if !ok {
			t.Fatalf("picture %d is none of the clip's: %s", i, describe(u))
		}
		if next >= 0 && n != next {
			t.Errorf("picture %d is the clip's %d, wanted %d", i, n, next)
		}
		next = (n + 1) % len(wanted)
	}
}

// decodes wants ffmpeg to make a picture of each unit. It may notice the numbers
// of the missing frames, and nothing else.
func decodes(t *testing.T, units []peer.AccessUnit) {
	t.Helper()
	var pictures [][][]byte
	for _, u := range units {
		pictures = append(pictures, u.NALUs)
	}
	file := filepath.Join(t.TempDir(), "received.h264")
	if err := os.WriteFile(file, annexB(pictures), 0o600); err != nil {
		t.Fatal(err)
	}
	hashes, errs := run(t, "-loglevel", "warning", "-f", "h264", "-i", file, "-fps_mode", "passthrough", "-f", "framemd5", "-")
	n := 0
	for line := range bytes.Lines(hashes) {
		if line[0] != '#' {
			n++
		}
	}
	if n != len(units) {
		t.Errorf("%d pictures decoded of %d", n, len(units))
	}
	for line := range strings.Lines(string(errs)) {
		for _, bad := range []string{"error", "conceal", "missing", "invalid", "non-existing", "no frame"} {
			if strings.Contains(strings.ToLower(line), bad) {
				t.Errorf("decoding: %s", line)
			}
		}
	}
}

// told wants the API to say what viewers lose, and why.
func told(t *testing.T, g *gateway) {
	t.Helper()
	s, ok := g.stream("live/obs")
	if !ok {
		t.Fatal("the API does not know the stream")
	}
	contains(t, s.Warnings, "b_frames")
	contains(t, s.Warnings, "long_keyframe_interval")
	for _, track := range s.Tracks {
		switch {
		case track.Kind == "video":
			if track.BFrameShare < 0.5 || track.BFrameShare > 0.8 || track.BFrames == 0 {
				t.Errorf("share of B-frames %v, %d of %d", track.BFrameShare, track.BFrames, track.Frames)
			}
			if track.KeyframeInterval < 7 || track.KeyframeInterval > 10 {
				t.Errorf("a keyframe every %v s", track.KeyframeInterval)
			}
			if track.Width != 1280 || track.Height != 720 {
				t.Errorf("%dx%d", track.Width, track.Height)
			}
		case track.Codec == "AAC" && track.Playable != "derive":
			t.Errorf("AAC is told as %q", track.Playable)
		}
	}
	if s.Viewers != 1 {
		t.Errorf("%d viewers", s.Viewers)
	}
}
