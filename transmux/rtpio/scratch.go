package rtpio

import "errors"

const (
	// maxFrame bounds one frame in bytes. A keyframe of 4K at 50 Mb/s has 1 MB.
	maxFrame = 4 << 20
	// maxParts bounds the parts of a frame. One of maxFrame in a slice a packet
	// has as many.
	maxParts = 4096
	// keptScratch is the room that is kept from frame to frame; more is let go.
	keptScratch = 512 << 10
)

var errTooLarge = errors.New("frame of too many bytes or parts")

// scratch collects a frame's bytes and where its parts end, in room that is
// used again. What is made of it is copied to its size: frames live long.
type scratch struct {
	buf  []byte
	ends []int
}

func (s *scratch) reset() {
	if cap(s.buf) > keptScratch {
		s.buf = nil
	}
	s.buf, s.ends = s.buf[:0], s.ends[:0]
}

// add appends to the part at hand.
func (s *scratch) add(b ...byte) error {
	if len(s.buf)+len(b) > maxFrame {
		return errTooLarge
	}
	s.buf = append(s.buf, b...)
	return nil
}

// end ends the part at hand, unless it is empty.
func (s *scratch) end() error {
	if s.empty() {
		return nil
	}
	if len(s.ends) == maxParts {
		return errTooLarge
	}
	s.ends = append(s.ends, len(s.buf))
	return nil
}

// empty reports whether the part at hand has no bytes yet.
func (s *scratch) empty() bool {
	n := len(s.ends)
	return n == 0 && len(s.buf) == 0 || n > 0 && s.ends[n-1] == len(s.buf)
}

// bytes returns a copy of everything.
func (s *scratch) bytes() []byte { return append(make([]byte, 0, len(s.buf)), s.buf...) }

// parts returns a copy of the parts that were ended.
func (s *scratch) parts() [][]byte {
	all := s.bytes()
	parts := make([][]byte, len(s.ends))
	from := 0
	for i, to := range s.ends {
		parts[i] = all[from:to:to]
		from = to
	}
	return parts
}
