package codecs

// SEI payload types that carry a viewer's data (ITU-T H.264 annex D):
// captions travel in the first, anything an encoder's user likes in the second.
const (
	seiUserDataRegistered   = 4
	seiUserDataUnregistered = 5
)

// hasUserData reports whether an SEI unit, whose bytes behind its header these
// are, holds a user data message (in H.265 the same: annex D there). What it
// holds besides (timing, buffering) goes along. A unit that does not parse has none.
func hasUserData(payload []byte) bool {
	r := rbspReader{data: payload}
	for r.more() {
		kind, ok := r.varying()
		if !ok {
			return false
		}
		if kind == seiUserDataRegistered || kind == seiUserDataUnregistered {
			return true
		}
		size, ok := r.varying()
		if !ok || !r.skip(size) {
			return false
		}
	}
	return false
}

// rbspReader reads a unit's payload bytes, leaving out emulation prevention
// bytes without copying.
type rbspReader struct {
	data  []byte
	zeros int
}

// next returns the next payload byte, or false at the end.
func (r *rbspReader) next() (byte, bool) {
	if r.zeros >= 2 && len(r.data) > 0 && r.data[0] == 3 {
		r.zeros, r.data = 0, r.data[1:]
	}
	if len(r.data) == 0 {
		return 0, false
	}
	b := r.data[0]
	r.data = r.data[1:]
	if b == 0 {
		r.zeros++
	} else {
		r.zeros = 0
	}
	return b, true
}

// more reports whether there is a message before the trailing bits: more than
// one byte, since a type and a size come first.
func (r *rbspReader) more() bool { return len(r.data) > 1 }

// varying reads a number as SEI messages code type and size: 255 for each 0xFF,
// then the rest (section 7.3.2.3.1).
func (r *rbspReader) varying() (int, bool) {
	n := 0
	for {
		b, ok := r.next()
		if !ok {
			return 0, false
		}
		n += int(b)
		if b != 0xFF {
			return n, true
		}
	}
}

// skip passes over n payload bytes.
func (r *rbspReader) skip(n int) bool {
	for range n {
		if _, ok := r.next(); !ok {
			return false
		}
	}
	return true
}
