package audio

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// resampleSine brings a sine of the given rate to 48 kHz and leaves out the edges.
func resampleSine(r *resampler, hertz float64, seconds float64) []float64 {
	in := make([]float32, int(seconds*float64(r.rate))*r.channels)
	for i := range in {
		in[i] = float32(0.5 * math.Sin(2*math.Pi*hertz*float64(i/r.channels)/float64(r.rate)))
	}
	var out []float32
	for len(in) > 0 {
		n := min(len(in), unitSamples*r.channels)
		out = r.push(in[:n], out)
		in = in[n:]
	}
	var first []float64
	for i := 0; i < len(out); i += r.channels {
		first = append(first, float64(out[i]))
	}
	return first
}

func TestResamplerPassesTheBand(t *testing.T) {
	for _, rate := range sampleRates {
		nyquist := float64(min(rate, opusRate)) / 2
		top := 0.83 * nyquist
		if rate == 44100 {
			top = 19500
		}
		for _, hertz := range []float64{100, 1000, 0.5 * nyquist, top} {
			out := resampleSine(newResampler(rate, 1), hertz, 0.5)
			gain := decibels(tone(out[2000:len(out)-2000], opusRate, hertz) / 0.5)
			if math.Abs(gain) > 0.1 {
				t.Errorf("%d Hz source: a tone of %.0f Hz comes out at %+.2f dB", rate, hertz, gain)
			}
		}
	}
}

func TestResamplerKeepsTonesPure(t *testing.T) {
	for _, rate := range sampleRates {
		for _, channels := range []int{1, 2} {
			hertz := 997.0
			out := resampleSine(newResampler(rate, channels), hertz, 0.5)
			// What is left when the wanted sine itself is taken away, sample by
			// sample at its exact time: noise, images, ripple and misplacement.
			rest := make([]float64, 0, len(out))
			for i, v := range out {
				rest = append(rest, v-0.5*math.Sin(2*math.Pi*hertz*float64(i)/opusRate))
			}
			level := decibels(rms(rest[2000:len(rest)-2000]) / (0.5 / math.Sqrt2))
			if level > -85 {
				t.Errorf("%d Hz, %d channels: distortion and noise at %.1f dB", rate, channels, level)
			}
		}
	}
}

func TestResamplerStopsImagesAndAliases(t *testing.T) {
	for _, c := range []struct {
		rate           int
		hertz, becomes float64
	}{
		{44100, 19000, 48000 - (44100 - 19000)},
		{22050, 9500, 22050 - 9500},
		{8000, 3600, 4400},
		{96000, 30000, 18000},
		{88200, 28000, 20000},
	} {
		out := resampleSine(newResampler(c.rate, 1), c.hertz, 0.5)
		level := decibels(tone(out[2000:len(out)-2000], opusRate, c.becomes) / 0.5)
		if level > -80 {
			t.Errorf("%d Hz source: %.0f Hz shows at %.0f Hz with %.1f dB", c.rate, c.hertz, c.becomes, level)
		}
	}
}

func TestResamplerLosesNothingAt48k(t *testing.T) {
	r := newResampler(48000, 2)
	var in, out []float32
	for i := range 4096 {
		in = append(in, float32(i%97)/97, -float32(i%89)/89)
	}
	out = r.push(in, nil)
	if len(out) < len(in)-wideTaps*2 {
		t.Fatalf("%d of %d samples came out", len(out), len(in))
	}
	for i, v := range out {
		if v != in[i] {
			t.Fatalf("sample %d: %v became %v", i, in[i], v)
		}
	}
}

// The number of samples out, and the lag told, must fit the number in to a fraction
// of a sample, for any length of pieces.
func TestResamplerCountsTime(t *testing.T) {
	for _, rate := range sampleRates {
		for slew := -1; slew <= 1; slew++ {
			r := newResampler(rate, 1)
			r.slew = slew
			in, made := 0, 0
			for i := range 40 {
				n := 1 + i*37%unitSamples
				made += len(r.push(make([]float32, n), nil))
				in += n
			}
			want := samplesTime(int64(in), int64(rate))
			got := samplesTime(int64(made), opusRate) + r.lag()
			off := float64(got-want) / float64(want)
			if lo, hi := 0.0012*float64(slew)-1e-8, 0.0045*float64(slew)+1e-8; off < min(lo, hi) || off > max(lo, hi) {
				t.Errorf("%d Hz, slew %d: %v in became %v: off by %.4f %%", rate, slew, want, got, 100*off)
			}
			if r.lag() > 17*time.Millisecond {
				t.Errorf("%d Hz: holds back %v", rate, r.lag())
			}
		}
	}
}

func TestResamplerSlewIsClean(t *testing.T) {
	for _, rate := range []int{44100, 48000} {
		r := newResampler(rate, 1)
		r.slew = 1
		out := resampleSine(r, 997, 0.5)
		// The tone is a little lower now; around it there must be nothing.
		every := float64(r.every)
		hertz := 997 * (float64(r.step) - 1/every) / float64(r.step)
		level := tone(out[2000:len(out)-2000], opusRate, hertz)
		if g := decibels(level / 0.5); math.Abs(g) > 0.05 {
			t.Errorf("%d Hz: the slewed tone has %+.2f dB", rate, g)
		}
		for _, side := range []float64{500, 800, 1300, 2000, 8000} {
			if l := decibels(tone(out[2000:len(out)-2000], opusRate, side) / 0.5); l > -80 {
				t.Errorf("%d Hz: %.1f dB at %.0f Hz", rate, l, side)
			}
		}
	}
}

func BenchmarkResampler(b *testing.B) {
	for _, rate := range []int{44100, 48000} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			r := newResampler(rate, 2)
			in := make([]float32, 2*rate)
			var out []float32
			for b.Loop() { // one second of stereo
				for i := 0; i < len(in); i += 2 * unitSamples {
					out = r.push(in[i:min(i+2*unitSamples, len(in))], out[:0])
				}
			}
		})
	}
}
