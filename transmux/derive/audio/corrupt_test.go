//go:build !noaac

package audio

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// garble returns the source with the units from..from+n replaced.
func garble(s source, from, n int, bad func(unit []byte) []byte) source {
	out := source{config: s.config, units: append([]unit(nil), s.units...)}
	for i := from; i < from+n; i++ {
		out.units[i].data = bad(bytes.Clone(out.units[i].data))
	}
	return out
}

// One bad unit costs its own 23 ms and the fading around it: before and after, the
// tone is there at its level and its time, and there is no click.
func TestCorruptUnitCostsItself(t *testing.T) {
	t.Parallel()
	src := readFLV(t, clip)
	src.units = src.units[:140] // 3.2 s
	good, _ := transcode(t, src)
	clean, start := decodeFFmpeg(t, good, 2)
	level := tone(clean[0][opusRate:2*opusRate], opusRate, 440)
	rnd := rand.New(rand.NewPCG(3, 4))
	for name, bad := range map[string]func([]byte) []byte{
		"empty":     func([]byte) []byte { return nil },
		"cut short": func(u []byte) []byte { return u[:len(u)/2] },
		"noise": func(u []byte) []byte {
			for i := range u {
				u[i] = byte(rnd.Uint32())
			}
			return u
		},
		"all ones": func(u []byte) []byte { return bytes.Repeat([]byte{0xff}, len(u)) },
		"end only": func([]byte) []byte { return []byte{0xe0, 0, 0} },
		"mono":     func(u []byte) []byte { u[0] &= 0x1f; return u },
		"huge":     func([]byte) []byte { return bytes.Repeat([]byte{0x21}, 1<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			const at = 80 // at 1.9 s
			packets, stats := transcode(t, garble(src, at, 1, bad))
			if stats.Corrupt != 1 || stats.Jumps != 0 {
				t.Fatalf("%+v", stats)
			}
			if len(packets) != len(good) {
				t.Fatalf("%d packets, want %d", len(packets), len(good))
			}
			for i := range packets {
				if packets[i].PTS != good[i].PTS {
					t.Fatalf("packet %d at %v, want %v", i, packets[i].PTS, good[i].PTS)
				}
			}
			out, _ := decodeFFmpeg(t, packets, 2)
			index := func(pts time.Duration) int { return int((pts - start).Seconds() * opusRate) }
			lost := index(src.units[at].pts)
			before, after := lost-opusRate/100, index(src.units[at+2].pts)+opusRate/50
			for c := range 2 {
				same(t, "before", out[c][before-opusRate:before], clean[c][before-opusRate:before])
				same(t, "after", out[c][after:after+opusRate], clean[c][after:after+opusRate])
			}
			// The tone's reflection bends by at most 0.12 of its level; a bare cut
			// steps by up to all of it.
			if s := sharpest(out[0][before:after]); s > 0.2*level {
				t.Errorf("a click: %.4f at a level of %.4f", s, level)
			}
		})
	}
}

// same compares two decoded stretches with each other.
func same(t *testing.T, when string, got, want []float64) {
	t.Helper()
	diff := make([]float64, len(got))
	for i := range got {
		diff[i] = got[i] - want[i]
	}
	if d := decibels(rms(diff) / rms(want)); d > -30 {
		t.Errorf("%s the unit: %.1f dB of difference", when, d)
	}
}

// sharpest is the largest bend in the samples: clicks have large ones, and tones
// of a few hundred hertz small ones.
func sharpest(samples []float64) float64 {
	most := 0.0
	for i := 2; i < len(samples); i++ {
		most = max(most, math.Abs(samples[i]-2*samples[i-1]+samples[i-2]))
	}
	return most
}

// Every other unit bad, for long: time runs on and the rest is heard.
func TestManyCorruptUnits(t *testing.T) {
	t.Parallel()
	src := readFLV(t, clip)
	bad := garble(src, 0, 1, func([]byte) []byte { return []byte{1} })
	for i := 100; i < 300; i += 2 {
		bad = garble(bad, i, 1, func(u []byte) []byte { return u[:7] })
	}
	packets, stats := transcode(t, bad)
	if stats.Corrupt != 101 || stats.Jumps != 0 || len(packets) < 498 {
		t.Errorf("%+v, %d packets", stats, len(packets))
	}
}

// Nothing of what was before is heard again while units stay bad.
func TestSilenceIsSilent(t *testing.T) {
	src := readFLV(t, clip)
	src.units = src.units[:120]
	packets, _ := transcode(t, garble(src, 60, 40, func([]byte) []byte { return nil }))
	out, start := decodeFFmpeg(t, packets, 2)
	from := int((src.units[64].pts - start).Seconds() * opusRate)
	if level := rms(out[0][from : from+opusRate/2]); level > 0.001 {
		t.Errorf("a level of %.4f in the silence", level)
	}
}

// HE-AAC need not be announced: only the units show it. It is given up after a
// second, in words; one such unit alone is damage.
func TestUnannouncedHE(t *testing.T) {
	src := readFLV(t, clip)
	sbr := []byte{0xc3, 0xa0, 0, 0, 0, 0xe0} // a fill element of type EXT_SBR_DATA
	tr, err := New(src.config)
	if err != nil {
		t.Fatal(err)
	}
	pts := time.Duration(0)
	write := func(unit []byte) error {
		_, err := tr.Write(pts, unit)
		pts += samplesTime(unitSamples, 44100)
		return err
	}
	for i := range 3 * hopeless {
		u := sbr
		if i%(hopeless-1) == 0 {
			u = src.units[i].data
		}
		if err := write(u); err != nil {
			t.Fatalf("unit %d: %v", i, err)
		}
	}
	if err := write(src.units[9].data); err != nil {
		t.Fatal(err)
	}
	for i := range hopeless {
		err := write(sbr)
		if want := i == hopeless-1; errors.Is(err, ErrUnsupported) != want {
			t.Fatalf("unit %d: %v", i, err)
		}
	}
}

func TestSplicer(t *testing.T) {
	s := newSplicer(1)
	wave := func(n int) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(math.Sin(float64(i) / 20))
		}
		return out
	}
	var all []float64
	push := func(samples []float32) {
		s.join(samples)
		for _, v := range samples {
			all = append(all, float64(v))
		}
	}
	for _, n := range []int{1024, 100, 1} { // whole, and in pieces shorter than the bridge
		for range 40 {
			push(wave(n))
			s.cut()
			push(make([]float32, n))
			s.cut()
		}
	}
	for i := 1; i < len(all); i++ {
		if d := math.Abs(all[i] - all[i-1]); d > 0.08 {
			t.Fatalf("a step of %.3f at %d", d, i)
		}
	}
	s = newSplicer(2)
	in := []float32{1, 2, 3, 4}
	s.join(in)
	if in[0] != 1 || in[3] != 4 {
		t.Errorf("without a cut the samples became %v", in)
	}
}
