package audio

import "math"

// stopband is how far below the signal the filter holds images and aliases, in
// decibels: under the noise of 16-bit samples.
const stopband = 92.0

// lowpass designs the polyphase form of a Kaiser-windowed sinc. The result has
// phases rows of taps coefficients; row p gives the signal p/phases of a sample
// after the sample that taps/2-1 others precede in the window. cutoff is in units
// of the input's Nyquist frequency. Every row passes DC with gain 1: without that
// the gain would ripple from phase to phase, which is heard as a tone.
func lowpass(phases, taps int, cutoff float64) []float32 {
	beta := 0.1102 * (stopband - 8.7) // Kaiser's formula for more than 50 dB
	half := float64(taps) / 2
	norm := bessel0(beta)
	coeff := make([]float32, phases*taps)
	row := make([]float64, taps)
	for p := range phases {
		frac := float64(p) / float64(phases)
		sum := 0.0
		for k := range taps {
			x := float64(k-(taps/2-1)) - frac // distance from the wanted point, in input samples
			w := 0.0
			if a := x / half; a > -1 && a < 1 {
				w = bessel0(beta*math.Sqrt(1-a*a)) / norm
			}
			row[k] = sinc(cutoff*x) * w
			sum += row[k]
		}
		for k, v := range row {
			coeff[p*taps+k] = float32(v / sum)
		}
	}
	return coeff
}

// transition is the width of the filter's slope, as a share of the input's
// Nyquist frequency.
func transition(taps int) float64 {
	return 2 * (stopband - 7.95) / (14.36 * float64(taps))
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	if x == math.Trunc(x) {
		return 0 // exactly: this keeps 48 kHz in, 48 kHz out free of loss
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel0 is the modified Bessel function of the first kind and order zero.
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for n := 1; n < 64 && term > sum*1e-18; n++ {
		term *= (x / 2 / float64(n)) * (x / 2 / float64(n))
		sum += term
	}
	return sum
}
