//go:build !noaac

package audio

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// rounded is the time of a unit as RTMP tells it: in whole milliseconds.
func rounded(d time.Duration) time.Duration { return d.Truncate(time.Millisecond) }

// heard decodes the packets and returns where on the timeline the clicks lie.
func heard(t *testing.T, packets []Packet) []time.Duration {
	t.Helper()
	var found []time.Duration
	var best float64
	var at time.Duration
	decodeGopus(t, packets, 1, func(pts time.Duration, samples []float64) {
		for i, v := range samples {
			now := pts + samplesTime(int64(i), opusRate)
			if a := math.Abs(v); a > 0.2 && a > best {
				best, at = a, now
			}
			if best > 0 && now-at > 10*time.Millisecond {
				found, best = append(found, at), 0
			}
		}
	})
	return found
}

// clickSource is five seconds of AAC, mono, with a click in each of them; the units
// hold a whole number of seconds to within a sample's length.
func clickSource(t *testing.T) source {
	var at []time.Duration
	for i := range 5 {
		at = append(at, time.Duration(i)*time.Second+500*time.Millisecond)
	}
	src := encodeAAC(t, 44100, 1, clicks(44100, 1, 5*time.Second, at))
	src.units = src.units[1:] // the encoder's run-up
	return src
}

// Ten minutes of a looped source, its timestamps in whole milliseconds: a click is
// where the source's timestamps put it, at the end as at the beginning.
func TestNoDrift(t *testing.T) {
	t.Parallel()
	src := clickSource(t)
	tr, err := New(src.config)
	if err != nil {
		t.Fatal(err)
	}
	var all []Packet
	var clicked []time.Duration
	n := 0
	for samplesTime(int64(n*unitSamples), 44100) < driftTime {
		i := n % len(src.units)
		if i == 0 {
			// This turn's clicks, in the truth that the timestamps round.
			for k := range 5 {
				clicked = append(clicked, samplesTime(int64(n*unitSamples+22050+44100*k+8), 44100))
			}
		}
		packets, err := tr.Write(rounded(samplesTime(int64(n*unitSamples), 44100)), src.units[i].data)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, packets...)
		n++
	}
	if s := tr.Stats(); s.Jumps != 0 || s.Corrupt != 0 {
		t.Errorf("%+v", s)
	}
	for i := 1; i < len(all); i++ {
		if d := all[i].PTS - all[i-1].PTS - 20*time.Millisecond; d.Abs() > time.Nanosecond {
			t.Fatalf("packet %d follows after %v", i, d+20*time.Millisecond)
		}
	}
	for _, part := range [][]Packet{all[:1500], all[len(all)-1500:]} { // half a minute each
		found := heard(t, part)
		if len(found) < 28 {
			t.Fatalf("only %d clicks heard in half a minute", len(found))
		}
		for _, got := range found {
			if off := nearest(got, clicked); off.Abs() > time.Millisecond {
				t.Errorf("click heard at %v is off by %v", got, off)
			}
		}
	}
}

func nearest(got time.Duration, from []time.Duration) time.Duration {
	best := time.Duration(math.MaxInt64)
	for _, w := range from {
		if (got - w).Abs() < best.Abs() {
			best = got - w
		}
	}
	return best
}

// ffmpeg's -stream_loop lets the last unit of a turn and the first of the next
// share their time but for a millisecond. The clicks must stay with the timestamps.
func TestLoopedFileStaysInSync(t *testing.T) {
	t.Parallel()
	src := clickSource(t)
	tr, err := New(src.config)
	if err != nil {
		t.Fatal(err)
	}
	turn := samplesTime(int64((len(src.units)-1)*unitSamples), 44100) + time.Millisecond
	var all []Packet
	var clicked []time.Duration
	const turns = 10
	for n := range turns {
		start := time.Duration(n) * turn
		for i, u := range src.units {
			packets, err := tr.Write(rounded(start+samplesTime(int64(i*unitSamples), 44100)), u.data)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, packets...)
		}
		for k := range 5 {
			clicked = append(clicked, start+samplesTime(int64(22050+44100*k+8), 44100))
		}
	}
	if s := tr.Stats(); s.Jumps != turns-1 {
		t.Errorf("%d jumps for %d turns", s.Jumps, turns)
	}
	found := heard(t, all)
	if len(found) < 5*turns-1 {
		t.Errorf("%d of %d clicks heard", len(found), 5*turns)
	}
	for _, got := range found {
		if off := nearest(got, clicked); off.Abs() > 2*time.Millisecond {
			t.Errorf("click heard at %v is off by %v", got, off)
		}
	}
}

// Timestamps that tremble must not reach the sound: the packets are the same,
// byte for byte, as those of a source that stands still.
func TestJitterIsNotHeard(t *testing.T) {
	t.Parallel()
	src := readFLV(t, clip)
	exact := source{config: src.config}
	trembling := source{config: src.config}
	rnd := rand.New(rand.NewPCG(1, 2))
	for i, u := range src.units {
		pts := time.Second + samplesTime(int64(i*unitSamples), 44100)
		exact.units = append(exact.units, unit{pts, u.data})
		if i > 0 {
			pts = rounded(pts + time.Duration(rnd.Int64N(int64(30*time.Millisecond))) - 15*time.Millisecond)
		}
		trembling.units = append(trembling.units, unit{pts, u.data})
	}
	want, _ := transcode(t, exact)
	got, stats := transcode(t, trembling)
	if stats.Jumps != 0 {
		t.Errorf("%d jumps", stats.Jumps)
	}
	if len(got) != len(want) {
		t.Fatalf("%d packets, want %d", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i].Data, want[i].Data) || got[i].PTS != want[i].PTS {
			t.Fatalf("packet %d differs", i)
		}
	}
}

// A source whose clock runs 1000 ppm off is followed without a single jump.
func TestForeignClockIsFollowed(t *testing.T) {
	t.Parallel()
	src := readFLV(t, clip)
	for _, ppm := range []float64{-1000, 1000} {
		tr, err := New(src.config)
		if err != nil {
			t.Fatal(err)
		}
		worst := time.Duration(0)
		for n := range 1000 { // 23 s: 23 ms of drift
			pts := rounded(time.Duration(float64(samplesTime(int64(n*unitSamples), 44100)) * (1 + ppm/1e6)))
			if n > 0 {
				worst = max(worst, (pts - tr.next()).Abs())
			}
			if _, err := tr.Write(pts, src.units[n%len(src.units)].data); err != nil {
				t.Fatal(err)
			}
		}
		if worst > 8*time.Millisecond || tr.Stats().Jumps != 0 {
			t.Errorf("%+.0f ppm: off by %v, %d jumps", ppm, worst, tr.Stats().Jumps)
		}
	}
}

// Whatever happens to the source's time, a click that is heard is heard where the
// timestamps put it, and packets never overlap.
func TestClicksAfterHolesAndOverlaps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lost  int           // units missing at 2 s
		shift time.Duration // of all timestamps from there on, besides
	}{
		"one unit lost":        {lost: 1},
		"two units lost":       {lost: 2},
		"five units lost":      {lost: 5},
		"a second lost":        {lost: 43},
		"a hole of 17 ms":      {shift: 17 * time.Millisecond},
		"a hole of 99 ms":      {shift: 99 * time.Millisecond},
		"a hole of 101 ms":     {shift: 101 * time.Millisecond},
		"a hole of an hour":    {shift: time.Hour},
		"an overlap of 13 ms":  {shift: -13 * time.Millisecond},
		"an overlap of 300 ms": {shift: -300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			src := clickSource(t)
			const at = 86
			var broken source
			broken.config = src.config
			var clicked []time.Duration
			for k := range 5 {
				when := samplesTime(int64(22050+44100*k+8), 44100)
				if k >= 2 {
					when += c.shift
				}
				clicked = append(clicked, when)
			}
			for i, u := range src.units {
				pts := samplesTime(int64(i*unitSamples), 44100)
				switch {
				case i >= at && i < at+c.lost:
					continue
				case i >= at:
					pts += c.shift
				}
				broken.units = append(broken.units, unit{rounded(pts), u.data})
			}
			packets, stats := transcode(t, broken)
			if stats.Jumps != 1 {
				t.Errorf("%d jumps", stats.Jumps)
			}
			for i := 1; i < len(packets); i++ {
				if d := packets[i].PTS - packets[i-1].PTS; d < 20*time.Millisecond-time.Nanosecond {
					t.Errorf("packet %d follows after %v", i, d)
				}
			}
			if most := len(broken.units)*unitSamples*opusRate/44100/packetSamples + 6; len(packets) > most {
				t.Errorf("%d packets: the hole was filled", len(packets))
			}
			found := heard(t, packets)
			if len(found) < 4 {
				t.Fatalf("%d clicks heard: %v", len(found), found)
			}
			for _, got := range found {
				if off := nearest(got, clicked); off.Abs() > 1500*time.Microsecond {
					t.Errorf("click heard at %v is off by %v", got, off)
				}
			}
		})
	}
}

// A source that starts somewhere, even below zero, is taken at its word.
func TestFirstTimestamp(t *testing.T) {
	src := readFLV(t, clip)
	for _, first := range []time.Duration{0, -time.Second, 90 * time.Minute, 2000 * time.Hour} {
		tr, err := New(src.config)
		if err != nil {
			t.Fatal(err)
		}
		var packets []Packet
		for i := 0; len(packets) == 0; i++ {
			if packets, err = tr.Write(first+samplesTime(int64(i*unitSamples), 44100), src.units[i].data); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := packets[0].PTS, first-6500*time.Microsecond; got != want {
			t.Errorf("first packet at %v, want %v", got, want)
		}
	}
}

func TestClock(t *testing.T) {
	quiet := func() clock {
		c := newClock()
		for i := range 200 {
			c.observe(time.Duration(i%2) * time.Millisecond / 2)
		}
		return c
	}
	t.Run("a step of a quiet source is believed at once", func(t *testing.T) {
		for _, d := range []time.Duration{-22 * time.Millisecond, 13 * time.Millisecond, time.Hour} {
			c := quiet()
			if !c.observe(d) {
				t.Errorf("%v was not", d)
			}
		}
	})
	t.Run("a source unknown yet may be 40 ms off", func(t *testing.T) {
		c := newClock()
		if c.observe(39*time.Millisecond) || !c.observe(41*time.Millisecond) {
			t.Error("tolerance")
		}
	})
	t.Run("a lasting difference is slewed away", func(t *testing.T) {
		for _, sign := range []int{-1, 1} {
			c := quiet()
			for range 100 {
				c.observe(time.Duration(sign) * 8 * time.Millisecond)
			}
			if c.slew != sign {
				t.Errorf("slew %d", c.slew)
			}
			for range 200 {
				c.observe(0)
			}
			if c.slew != 0 {
				t.Errorf("slew %d when it is over", c.slew)
			}
		}
	})
}
