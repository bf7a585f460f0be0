//go:build !noaac

package audio

import (
	"fmt"
	"math"
	"testing"
	"time"
)

const clip = "testdata/tones-44k.flv" // 440 Hz left, 660 Hz right, 44.1 kHz

// spectrum checks that each channel holds its tone at the level and nothing else.
func spectrum(t *testing.T, samples []float64, hertz, other, level float64) {
	t.Helper()
	got := tone(samples, opusRate, hertz)
	if d := decibels(got / level); math.Abs(d) > 0.5 {
		t.Errorf("%.0f Hz: amplitude %.4f, want %.4f (%+.2f dB)", hertz, got, level, d)
	}
	if d := decibels(tone(samples, opusRate, other) / level); d > -45 {
		t.Errorf("%.0f Hz leaks into the channel of %.0f Hz with %.1f dB", other, hertz, d)
	}
	if d := decibels(rms(samples) / (level / math.Sqrt2)); math.Abs(d) > 0.5 {
		t.Errorf("%.0f Hz: there is more than the tone: %+.2f dB in all", hertz, d)
	}
	// A pitch off by 0.01 % would turn the phase between the halves.
	half := len(samples) / 2
	if a, b := phase(samples[:half], hertz, 0), phase(samples[half:], hertz, half); math.Abs(math.Remainder(a-b, 2*math.Pi)) > 0.1 {
		t.Errorf("%.0f Hz: pitch is off: phase %.2f, then %.2f", hertz, a, b)
	}
}

func phase(samples []float64, hertz float64, from int) float64 {
	var re, im float64
	for i, v := range samples {
		a := 2 * math.Pi * hertz * float64(i+from) / opusRate
		re += v * math.Cos(a)
		im += v * math.Sin(a)
	}
	return math.Atan2(im, re)
}

// sourceLevels decodes the clip itself, to know what level must come out.
func sourceLevels(t *testing.T) (left, right float64) {
	t.Helper()
	raw := ffmpeg(t, nil, "-i", clip, "-vn", "-f", "s16le", "-")
	var ch [2][]float64
	for i := 0; i+4 <= len(raw); i += 4 {
		ch[0] = append(ch[0], float64(int16(uint16(raw[i])|uint16(raw[i+1])<<8))/32768)
		ch[1] = append(ch[1], float64(int16(uint16(raw[i+2])|uint16(raw[i+3])<<8))/32768)
	}
	mid := func(s []float64) []float64 { return s[44100 : 8*44100] }
	return tone(mid(ch[0]), 44100, 440), tone(mid(ch[1]), 44100, 660)
}

func TestTonesOfTheClip(t *testing.T) {
	t.Parallel()
	packets, stats := transcode(t, readFLV(t, clip))
	if stats.Corrupt != 0 || stats.Jumps != 0 {
		t.Fatalf("%+v", stats)
	}
	out, start := decodeFFmpeg(t, packets, 2)
	if want := 44 * time.Millisecond; (start - want).Abs() > time.Millisecond {
		t.Errorf("begins at %v, want %v", start, want)
	}
	left, right := sourceLevels(t)
	spectrum(t, out[0][opusRate:8*opusRate], 440, 660, left)
	spectrum(t, out[1][opusRate:8*opusRate], 660, 440, right)
}

func TestTonesAtEveryRate(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000} {
		for channels := 1; channels <= 2; channels++ {
			if channels == 1 && rate < 44100 {
				continue // what mono changes does not depend on the rate
			}
			t.Run(fmt.Sprintf("%d Hz, %d channels", rate, channels), func(t *testing.T) {
				t.Parallel()
				testTones(t, rate, channels)
			})
		}
	}
}

func testTones(t *testing.T, rate, channels int) {
	samples := make([]float32, 3*rate/2*channels)
	hertz := [2]float64{440, 660}
	for i := range samples {
		samples[i] = float32(0.25 * math.Sin(2*math.Pi*hertz[i%channels]*float64(i/channels)/float64(rate)))
	}
	packets, stats := transcode(t, encodeAAC(t, rate, channels, samples))
	if stats.Corrupt != 0 || stats.Jumps != 0 {
		t.Fatalf("%+v", stats)
	}
	out, _ := decodeFFmpeg(t, packets, channels)
	for c := range channels {
		if len(out[c]) < opusRate*13/10 {
			t.Fatalf("%d samples came out", len(out[c]))
		}
		spectrum(t, out[c][opusRate/4:opusRate*5/4], hertz[c], hertz[1-c], 0.25)
	}
}

// clicks makes a train of short clicks at the given times.
func clicks(rate, channels int, length time.Duration, at []time.Duration) []float32 {
	samples := make([]float32, int(length.Seconds()*float64(rate))*channels)
	for _, when := range at {
		first := int(when.Seconds() * float64(rate))
		for i := range 16 {
			for c := range channels {
				samples[(first+i)*channels+c] = float32(0.8 * math.Sin(math.Pi*float64(i)/8))
			}
		}
	}
	return samples
}

// loudest is the time of the loudest sample within 100 ms around when.
func loudest(samples []float64, start, when time.Duration) time.Duration {
	from := int((when - start - 100*time.Millisecond).Seconds() * opusRate)
	best, at := 0.0, 0
	for i := max(from, 0); i < min(from+opusRate/5, len(samples)); i++ {
		if a := math.Abs(samples[i]); a > best {
			best, at = a, i
		}
	}
	return start + samplesTime(int64(at), opusRate)
}

// A click at a known time of the source must be heard at that time, by an
// independent decoder and by gopus, whatever the rates.
func TestClicksComeOutWhenTheyWentIn(t *testing.T) {
	t.Parallel()
	at := []time.Duration{400 * time.Millisecond, 1100 * time.Millisecond, 1777 * time.Millisecond}
	for _, rate := range []int{16000, 22050, 44100, 48000, 96000} {
		src := encodeAAC(t, rate, 2, clicks(rate, 2, 2500*time.Millisecond, at))
		packets, _ := transcode(t, src)

		out, start := decodeFFmpeg(t, packets, 2)
		again := make([]float64, 0, len(out[0]))
		decodeGopus(t, packets, 2, func(_ time.Duration, s []float64) { again = append(again, s...) })
		for _, when := range at {
			// The click's own peaks lie 4 and 12 of its samples in.
			want := when + samplesTime(8, int64(rate))
			for name, got := range map[string]time.Duration{
				"ffmpeg": loudest(out[0], start, want),
				"gopus":  loudest(again, packets[0].PTS, want),
			} {
				if (got - want).Abs() > time.Millisecond {
					t.Errorf("%d Hz, %s: click of %v heard at %v (%v)", rate, name, want, got, got-want)
				}
			}
		}
	}
}

// A decoded unit's samples must leave at once: a packet must be out as soon as the
// units so far hold its samples, but for what the resampler needs of the future.
func TestHoldsNothingBack(t *testing.T) {
	t.Parallel()
	src := readFLV(t, clip)
	tr, err := New(src.config)
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for i, u := range src.units {
		packets, err := tr.Write(u.pts, u.data)
		if err != nil {
			t.Fatal(err)
		}
		made += len(packets)
		in := samplesTime(int64((i+1)*unitSamples), 44100)
		if want := int((in - 800*time.Microsecond) / (20 * time.Millisecond)); made < want {
			t.Fatalf("after %d units (%v) only %d packets of 20 ms", i+1, in, made)
		}
	}
}

func TestSteadyStateTimestamps(t *testing.T) {
	packets, _ := transcode(t, readFLV(t, clip))
	for i := 1; i < len(packets); i++ {
		if d := packets[i].PTS - packets[0].PTS - time.Duration(i)*20*time.Millisecond; d != 0 {
			t.Fatalf("packet %d is off by %v", i, d)
		}
	}
}

func BenchmarkTranscode(b *testing.B) {
	src := readFLV(b, clip)
	tr, err := New(src.config)
	if err != nil {
		b.Fatal(err)
	}
	n, units := 0, 0
	b.ReportAllocs()
	for b.Loop() { // about one second of stereo at 44.1 kHz
		for range 43 {
			u := src.units[n]
			if n++; n == len(src.units) {
				n = 0
			}
			if _, err := tr.Write(samplesTime(int64(units*unitSamples), 44100), u.data); err != nil {
				b.Fatal(err)
			}
			units++
		}
	}
}
