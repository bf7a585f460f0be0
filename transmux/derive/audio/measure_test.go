package audio

import "math"

// tone is the amplitude of a sine of the frequency in the samples.
func tone(samples []float64, rate, hertz float64) float64 {
	var re, im, weight float64
	for i, v := range samples {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(len(samples)))
		a := 2 * math.Pi * hertz * float64(i) / rate
		re += w * v * math.Cos(a)
		im += w * v * math.Sin(a)
		weight += w
	}
	return 2 * math.Hypot(re, im) / weight
}

func rms(samples []float64) float64 {
	sum := 0.0
	for _, v := range samples {
		sum += v * v
	}
	return math.Sqrt(sum / float64(len(samples)))
}

func decibels(ratio float64) float64 { return 20 * math.Log10(ratio) }
