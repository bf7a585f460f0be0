package audio

// bridgeSamples is the length of the crossfade over a cut: 5 ms, long enough to
// be no click and short enough to be no echo.
const bridgeSamples = 256

// splicer joins samples that do not continue one another. After a cut, the sound
// before it runs on, backwards, as it fades out, and what follows fades in over it.
type splicer struct {
	channels int
	tail     []float32 // the last bridgeSamples that went through, interleaved
	bridge   []float32 // what still runs on from before the cut
	fade     []float32 // the fade-in, a value a sample
}

func newSplicer(channels int) *splicer {
	s := &splicer{
		channels: channels,
		tail:     make([]float32, bridgeSamples*channels),
		bridge:   make([]float32, 0, bridgeSamples*channels),
		fade:     make([]float32, bridgeSamples),
	}
	for i := range s.fade {
		s.fade[i] = (float32(i) + 0.5) / bridgeSamples
	}
	return s
}

// cut says that the next samples do not continue the last ones.
func (s *splicer) cut() {
	s.bridge = s.bridge[:cap(s.bridge)]
	for i := range bridgeSamples {
		from := s.tail[(bridgeSamples-1-i)*s.channels:][:s.channels]
		for c, v := range from {
			s.bridge[i*s.channels+c] = v * (1 - s.fade[i])
		}
	}
}

// join works on the samples in place.
func (s *splicer) join(samples []float32) {
	n := min(len(s.bridge), len(samples))
	done := bridgeSamples - len(s.bridge)/s.channels
	for i := range n {
		samples[i] = samples[i]*s.fade[done+i/s.channels] + s.bridge[i]
	}
	// Copy down instead of slicing, so that the buffer keeps its capacity.
	s.bridge = s.bridge[:copy(s.bridge, s.bridge[n:])]

	if k := len(samples); k >= len(s.tail) {
		copy(s.tail, samples[k-len(s.tail):])
	} else {
		copy(s.tail, s.tail[k:])
		copy(s.tail[len(s.tail)-k:], samples)
	}
}
