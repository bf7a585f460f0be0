package e2e

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/rtc/peer"
)

const (
	// maxLipSync is how far sound and picture may be apart.
	maxLipSync = 40 * time.Millisecond
	lipsRun    = 7 * time.Second // less than the clip
	beepHertz  = 1760
)

// beepClip makes a clip that beeps in the first 40 ms of each second, with
// B-frames, so that pictures do not come in the order they are shown in.
func beepClip(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "beeps.flv")
	run(t, "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=12",
		"-f", "lavfi", "-i", "sine=frequency=440:beep_factor=4:sample_rate=48000:duration=12",
		"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-pix_fmt", "yuv420p", "-g", "30", "-b:v", "250k",
		"-c:a", "aac", "-b:a", "96k", "-ac", "2", file)
	return file
}

// TestLipSync: where the sender reports place pictures and sounds in time, they
// belong together as they did in the source.
func TestLipSync(t *testing.T) {
	g := start(t, "MILLRACE_DERIVE_VIDEO_MODE=off") // the pictures are known by what is in their bytes
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c, err := dialRTMP(ctx, g.rtmp)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.publish("live/lips"); err != nil {
		t.Fatal(err)
	}
	source, n := readClip(t, beepClip(t)), &numberer{}
	played := make(chan error, 1)
	go func() { played <- c.play(ctx, source, 0, n.each) }()
	g.waitLive("live/lips")
	r := g.watch(ctx, "live/lips")
	if err := r.WaitKeyframe(withDeadline(t, patience)); err != nil {
		t.Fatal(err)
	}
	pass(t, lipsRun)
	picture, heard := r.report(t, av.Video), r.report(t, av.Audio)
	r.leave(t)
	cancel()
	if err := <-played; err != nil {
		t.Errorf("the publisher: %v", err)
	}
	c.Close()
	<-c.gone
	r.flawless(t)

	seen := beginnings(t, source, r.video(), picture)
	beeps := beepsHeard(t, r.audio(), heard)
	if len(beeps) < int(lipsRun/time.Second)-1 {
		t.Fatalf("%d beeps in %v", len(beeps), lipsRun)
	}
	var apart []time.Duration
	for _, b := range beeps {
		// Each beep begins a second of the source; which one does not matter.
		d := (b.Sub(seen)%time.Second + 3*time.Second/2) % time.Second
		apart = append(apart, d-time.Second/2)
	}
	t.Logf("sound is behind the picture by %v (median of %d beeps; %v to %v)", quantile(apart, .5), len(apart), quantile(apart, 0), quantile(apart, 1))
	for _, q := range []float64{0, 1} {
		if d := quantile(apart, q); d.Abs() > maxLipSync {
			t.Errorf("sound and picture are %v apart", d)
		}
	}
}

// beginnings is when, by the sender report, the source's first picture was shown:
// the median of what all pictures say.
func beginnings(t *testing.T, source *clip, units []peer.AccessUnit, by peer.Report) time.Time {
	t.Helper()
	var shown []time.Duration // after the source's first picture
	for i := range source.tags {
		if g := &source.tags[i]; g.frame() {
			composition := int32(uint32(g.body[2])<<24|uint32(g.body[3])<<16|uint32(g.body[4])<<8) >> 8
			shown = append(shown, g.at+time.Duration(composition)*time.Millisecond)
		}
	}
	first := shown[0]
	var said []time.Duration
	for _, u := range units {
		number, ok := numberOf(u.NALUs)
		if !ok || number >= len(shown) {
			t.Fatalf("picture without its number: %s", describe(u))
		}
		at := captured(u.Timestamp, 90000, by).Add(first - shown[number])
		// Those that came with the join are squeezed in front of the live one.
		if u.First.Sub(units[0].First) > time.Second {
			said = append(said, at.Sub(units[0].First))
		}
	}
	return units[0].First.Add(quantile(said, .5))
}

// beepsHeard is when each beep began, by the sender report.
func beepsHeard(t *testing.T, sounds []sound, by peer.Report) (beeps []time.Time) {
	t.Helper()
	var packets [][]byte
	for _, s := range sounds {
		packets = append(packets, s.payload)
	}
	left, _ := decode(t, oggFile(t, packets))
	const window = 240 // 5 ms
	loudest := 0.0
	for at := 0; at+window <= len(left); at += window {
		loudest = max(loudest, power(left[at:at+window], beepHertz))
	}
	quiet := 0 // windows since the last beep
	for at := 0; at+window <= len(left); at += window {
		if power(left[at:at+window], beepHertz) < loudest/4 {
			quiet++
			continue
		}
		// The first may have begun before we came.
		if packet := at / 960; quiet > 100 && packet < len(sounds) {
			beeps = append(beeps, captured(sounds[packet].timestamp+uint32(at%960), 48000, by))
		}
		quiet = 0
	}
	return beeps
}
