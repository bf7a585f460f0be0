package audio

import "time"

const (
	// minPhases is how finely a slewed position is placed: 1/128 of a sample
	// or finer keeps the error of a slew below what 16 bits show.
	minPhases = 128
	// wideTaps is the filter's length from 44.1 kHz up, in input samples: the
	// passband reaches 20 kHz and half of it, 0.7 ms, is the delay.
	wideTaps = 64
	// narrowTaps is the length below that, where the slope lies in what is heard.
	narrowTaps = 128
	// slewStep makes one step of slewing for about every 400 phases passed: 0.25 %
	// or 4 cents, which nobody hears.
	slewStep = 400
)

// resampler brings interleaved samples of one rate to 48 kHz. Output sample n stands
// exactly n/48000 s after input sample 0, plus whatever was slewed: the filter's
// delay shows only in when a sample comes out, not in where it lies.
type resampler struct {
	rate, channels int
	// The position moves by step/phases input samples an output sample.
	phases, step, taps int
	coeff              []float32

	// buf is the window of input, interleaved; pos is the position in it of the
	// next output sample, in 1/phases of an input sample.
	buf []float32
	pos int

	// slew is 1 to play slower, stretching time by about 0.25 %, -1 to play
	// faster, 0 to keep to the rate. count spaces its steps out.
	slew, count, every int
}

func newResampler(rate, channels int) *resampler {
	g := gcd(rate, opusRate)
	phases, step := opusRate/g, rate/g
	scale := (minPhases + phases - 1) / phases
	phases, step = phases*scale, step*scale

	taps, cutoff := wideTaps, 1.0
	switch {
	case rate > opusRate:
		cutoff = float64(opusRate) / float64(rate)
		taps = 2 * (wideTaps*rate/opusRate/2 + 1)
	case rate < 44100:
		taps = narrowTaps
		// The slope ends where the images begin.
		cutoff = 1 - transition(taps)/2
	}
	return &resampler{
		rate: rate, channels: channels,
		phases: phases, step: step, taps: taps,
		coeff: lowpass(phases, taps, cutoff),
		buf:   make([]float32, (taps/2-1)*channels, (taps+unitSamples)*channels),
		pos:   (taps/2 - 1) * phases,
		every: max(1, (slewStep+step/2)/step),
	}
}

// push takes interleaved input and appends what can be made of it to out.
func (r *resampler) push(in, out []float32) []float32 {
	r.buf = append(r.buf, in...)
	frames := len(r.buf) / r.channels
	for {
		at, phase := r.pos/r.phases, r.pos%r.phases
		if at+r.taps/2 >= frames {
			break
		}
		window := r.buf[(at-r.taps/2+1)*r.channels:]
		row := r.coeff[phase*r.taps:][:r.taps]
		switch {
		case phase == 0 && r.rate == opusRate:
			// The row is 1 in the middle and 0 elsewhere.
			i := at * r.channels
			out = append(out, r.buf[i:i+r.channels]...)
		case r.channels == 2:
			left, right := convolve2(window[:2*r.taps], row)
			out = append(out, left, right)
		default:
			out = append(out, convolve1(window[:r.taps], row))
		}
		r.pos += r.advance()
	}
	r.compact()
	return out
}

// advance is how far the next output sample lies from this one.
func (r *resampler) advance() int {
	if r.slew == 0 {
		return r.step
	}
	r.count++
	if r.count < r.every {
		return r.step
	}
	r.count = 0
	return r.step - r.slew
}

// compact forgets the input that no output needs any more.
func (r *resampler) compact() {
	drop := r.pos/r.phases - (r.taps/2 - 1)
	if drop <= 0 {
		return
	}
	n := copy(r.buf, r.buf[drop*r.channels:])
	r.buf = r.buf[:n]
	r.pos -= drop * r.phases
}

// lag is the time from the next output sample to the next input sample.
func (r *resampler) lag() time.Duration {
	behind := len(r.buf)/r.channels*r.phases - r.pos
	return samplesTime(int64(behind), int64(r.phases)*int64(r.rate))
}

// convolve1 is the filter over one channel; four sums keep the processor busy.
func convolve1(in, row []float32) float32 {
	var a, b, c, d float32
	in = in[:len(row)]
	i := 0
	for ; i+3 < len(row); i += 4 {
		a += in[i] * row[i]
		b += in[i+1] * row[i+1]
		c += in[i+2] * row[i+2]
		d += in[i+3] * row[i+3]
	}
	for ; i < len(row); i++ {
		a += in[i] * row[i]
	}
	return (a + b) + (c + d)
}

// convolve2 is the filter over two interleaved channels.
func convolve2(in, row []float32) (left, right float32) {
	var a, b, c, d float32
	in = in[:2*len(row)]
	i := 0
	for ; i+1 < len(row); i += 2 {
		w := in[2*i : 2*i+4 : 2*i+4]
		a += w[0] * row[i]
		b += w[1] * row[i]
		c += w[2] * row[i+1]
		d += w[3] * row[i+1]
	}
	for ; i < len(row); i++ {
		a += in[2*i] * row[i]
		b += in[2*i+1] * row[i]
	}
	return a + c, b + d
}

// samplesTime is the length of n samples at the given rate. It splits off whole
// seconds so that a stream of any age does not overflow.
func samplesTime(n, rate int64) time.Duration {
	return time.Duration(n/rate)*time.Second + time.Duration(n%rate*int64(time.Second)/rate)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
