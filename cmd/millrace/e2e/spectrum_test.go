package e2e

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

const sampleRate = 48000

// decode turns a sound file into two channels of samples.
func decode(t *testing.T, file string) (left, right []float64) {
	t.Helper()
	raw, errs := run(t, "-loglevel", "warning", "-i", file, "-f", "f32le", "-ar", "48000", "-ac", "2", "-")
	if len(errs) > 0 {
		t.Errorf("decoding: %s", errs)
	}
	for ; len(raw) >= 8; raw = raw[8:] {
		left = append(left, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))))
		right = append(right, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4:]))))
	}
	return left, right
}

// power is a window's power at one frequency (Goertzel), under a Hann window: the
// square of the amplitude of a sine there.
func power(samples []float64, hertz float64) float64 {
	c := 2 * math.Cos(2*math.Pi*hertz/sampleRate)
	var a, b float64
	for i, x := range samples {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(len(samples)))
		a, b = x*w+c*a-b, a
	}
	n := float64(len(samples)) / 4 // a Hann window halves a sine's sum of N/2
	return (a*a + b*b - c*a*b) / n / n
}

// tone is what one second of a channel holds.
type tone struct {
	hertz     float64 // where the peak near the wanted pitch is
	share     float64 // of the second's power that the peak has
	crosstalk float64 // power of the other channel's pitch over this one's
}

// tones looks at every whole second of a channel.
func tones(samples []float64, wanted, other float64) (out []tone) {
	for ; len(samples) >= sampleRate; samples = samples[sampleRate:] {
		window := samples[:sampleRate]
		best, at := 0.0, 0.0
		for f := wanted - 10; f <= wanted+10; f += 0.25 {
			if p := power(window, f); p > best {
				best, at = p, f
			}
		}
		total := 0.0
		for _, x := range window {
			total += x * x
		}
		out = append(out, tone{
			hertz:     at,
			share:     best / 2 / (total / sampleRate), // a sine's mean power is half its peak's
			crosstalk: power(window, other) / best,
		})
	}
	return out
}

// median of one property over the seconds.
func median(ts []tone, of func(tone) float64) float64 {
	v := make([]float64, len(ts))
	for i, x := range ts {
		v[i] = of(x)
	}
	slices.Sort(v)
	return v[len(v)/2]
}
