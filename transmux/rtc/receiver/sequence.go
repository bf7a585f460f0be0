package receiver

// window is how many sequence numbers back a late packet is told from one that
// comes twice: more than any reordering on a loopback.
const window = 256

// sequence follows one stream's sequence numbers (RFC 3550 appendix A.1, without
// its probation: the first packet counts). The zero value is ready.
type sequence struct {
	first, highest uint64 // extended; zero before the first packet
	unique         uint64 // different numbers seen
	duplicates     uint64
	late           uint64 // came after a higher number
	seen           [window / 64]uint64
}

// push counts a packet and says how far it is ahead of the highest number before
// it: 1 is in sequence, more is after a gap, less came late or twice.
func (s *sequence) push(number uint16) (ahead int) {
	if s.highest == 0 {
		// One full turn up, so that what came before the first has a number too.
		s.first = 1<<16 | uint64(number)
		s.highest = s.first - 1
	}
	ahead = int(int16(number - uint16(s.highest)))
	n := s.highest + uint64(ahead) // ahead may be negative; it wraps to the right sum
	if ahead <= 0 {
		s.pushLate(n)
		return ahead
	}
	// What was skipped has not been seen; of a longer gap no trace is left.
	for skipped := n - uint64(min(ahead, window)) + 1; skipped < n; skipped++ {
		s.clear(skipped)
	}
	s.highest = n
	s.unique++
	s.mark(n)
	return ahead
}

func (s *sequence) pushLate(n uint64) {
	switch {
	case n < s.first || s.highest-n >= window:
		s.late++ // before our time, or too old to tell
	case s.seen[n%window/64]&(1<<(n%64)) != 0:
		s.duplicates++
	default:
		s.late++
		s.unique++
		s.mark(n)
	}
}

func (s *sequence) mark(n uint64)  { s.seen[n%window/64] |= 1 << (n % 64) }
func (s *sequence) clear(n uint64) { s.seen[n%window/64] &^= 1 << (n % 64) }

// lost is how many numbers between the first and the highest never came.
func (s *sequence) lost() uint64 {
	if s.highest == 0 {
		return 0
	}
	return s.highest - s.first + 1 - s.unique
}
