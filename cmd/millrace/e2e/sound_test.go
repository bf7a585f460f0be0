package e2e

import (
	"math"
	"os"
	"testing"
	"time"
)

const (
	soundRun = 40 * time.Second // some four turns of the clip, and longer than consent lasts
	// maxDrift is what may be between the run's begin and its end, however long it
	// is: a drift of the clocks' grows with the run, what a busy machine does not.
	maxDrift = 40 * time.Millisecond
)

func soundFor(t *testing.T) time.Duration {
	t.Helper()
	s := os.Getenv("MILLRACE_E2E_SOUND")
	if s == "" {
		return soundRun
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatalf("MILLRACE_E2E_SOUND: %v", err)
	}
	return d
}

// TestSound: the tones of the clip arrive in Opus with their pitch, on their
// sides, and without drift.
func TestSound(t *testing.T) {
	listen := soundFor(t)
	g := start(t)
	source := g.publish(toneClip, "live/tone")
	g.waitLive("live/tone")
	r := g.watch(withDeadline(t, patience), "live/tone")
	if err := poll(t.Context(), patience, func() bool { return len(r.audio()) > 0 }); err != nil {
		t.Fatalf("no sound: %v", err)
	}
	silent := g.watch(withDeadline(t, patience), "live/tone")
	if err := silent.WaitKeyframe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := silent.Vanish(); err != nil {
		t.Error(err)
	}
	pass(t, listen)
	source.running()
	// Consent to send lasts 30 s (RFC 7675 section 5.1).
	if s, _ := g.stream("live/tone"); s.Viewers != 1 {
		t.Errorf("%d viewers; one vanished %v ago, one is there", s.Viewers, listen)
	}
	sounds := r.audio()
	r.leave(t)
	r.flawless(t)
	if want := int(listen/time.Second) * 50; len(sounds) < want*97/100 || len(sounds) > want*103/100+50 {
		t.Errorf("%d packets in %v, wanted about %d", len(sounds), listen, want)
	}
	inStep(t, sounds)
	checkTones(t, sounds)
	checkDrift(t, sounds, listen)
}

// inStep wants RTP time to advance by each packet's 20 ms, but for where the
// clip begins anew: encoders' sound never ends on a packet's edge.
func inStep(t *testing.T, sounds []sound) {
	t.Helper()
	steps := map[int32]int{}
	for i := 1; i < len(sounds); i++ {
		steps[int32(sounds[i].timestamp-sounds[i-1].timestamp)]++
	}
	t.Logf("steps of RTP time between packets: %v", steps)
	if odd := len(sounds) - 1 - steps[960]; odd > len(sounds)/100 {
		t.Errorf("%d of %d packets are not 20 ms after the one before: %v", odd, len(sounds), steps)
	}
}

func checkTones(t *testing.T, sounds []sound) {
	t.Helper()
	// Half a minute holds every kind of second there is; ten would be 600 MB.
	var packets [][]byte
	for _, s := range sounds[:min(len(sounds), 50*30)] {
		packets = append(packets, s.payload)
	}
	left, right := decode(t, oggFile(t, packets))
	for _, side := range []struct {
		name          string
		samples       []float64
		wanted, other float64
	}{{"left", left, 440, 660}, {"right", right, 660, 440}} {
		ts := tones(side.samples, side.wanted, side.other)
		if len(ts) < 10 {
			t.Fatalf("%s: only %d s of sound", side.name, len(ts))
		}
		hertz := median(ts, func(x tone) float64 { return x.hertz })
		share := median(ts, func(x tone) float64 { return x.share })
		crosstalk := 10 * math.Log10(median(ts, func(x tone) float64 { return x.crosstalk }))
		t.Logf("%s: %.2f Hz with %.2f %% of the power, the other side's tone at %.0f dB", side.name, hertz, 100*share, crosstalk)
		if math.Abs(hertz-side.wanted) > 0.5 {
			t.Errorf("%s: %.2f Hz, wanted %.0f", side.name, hertz, side.wanted)
		}
		if share < 0.95 {
			t.Errorf("%s: only %.1f %% of the power is in the tone", side.name, 100*share)
		}
		if crosstalk > -30 {
			t.Errorf("%s: the other side's tone is at %.0f dB", side.name, crosstalk)
		}
		broken := 0
		for _, x := range ts {
			if x.share < 0.5 {
				broken++
			}
		}
		if broken > len(ts)/5 { // one second in ten has the clip's seam in it
			t.Errorf("%s: %d of %d seconds are not the tone", side.name, broken, len(ts))
		}
	}
}

// checkDrift compares RTP time with arrival over the run's first and last turn of
// the clip: whole turns, since ffmpeg's pacing has a pattern within each.
func checkDrift(t *testing.T, sounds []sound, listen time.Duration) {
	t.Helper()
	var late []time.Duration // against the first packet
	for _, s := range sounds {
		media := time.Duration(s.timestamp-sounds[0].timestamp) * time.Second / 48000
		late = append(late, s.arrived.Sub(sounds[0].arrived)-media)
	}
	const turn = 10 * 50 // packets
	begin, end := quantile(late[:turn], .5), quantile(late[len(late)-turn:], .5)
	t.Logf("drift of RTP time against arrival over %v: %v; against the first packet, sounds were between %v and %v late",
		listen, end-begin, quantile(late, 0), quantile(late, 1))
	if drift := end - begin; drift.Abs() > maxDrift {
		t.Errorf("drift of %v", drift)
	}
}
