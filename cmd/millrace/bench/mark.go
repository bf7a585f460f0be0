package bench

import (
	"bytes"
	"encoding/binary"
	"time"
)

// markID begins our messages of user data (ITU-T H.264 annex D.1.7). Neither it nor
// the time behind it holds a zero byte, so that nothing needs emulation prevention.
var markID = []byte("millrace-bench/1")

const (
	// markTime is how many bytes a time takes: 7 bits each, the eighth set.
	markTime = 9

	naluAUD, naluSPS, naluPPS, naluSEI = 9, 7, 8, 6
	seiUserData                        = 5 // user_data_unregistered
)

// mark is an SEI unit that holds a time.
func mark(at time.Time) []byte {
	unit := append([]byte{naluSEI, seiUserData, byte(len(markID) + markTime)}, markID...)
	for shift := 7 * (markTime - 1); shift >= 0; shift -= 7 {
		unit = append(unit, 0x80|byte(at.UnixNano()>>shift))
	}
	return append(unit, 0x80) // rbsp_trailing_bits
}

// readMark finds a mark's time, in nanoseconds since 1970, in an RTP payload that
// holds its unit whole.
func readMark(payload []byte) (nanoseconds int64, ok bool) {
	at := bytes.Index(payload, markID)
	if at < 0 || len(payload) < at+len(markID)+markTime {
		return 0, false
	}
	for _, b := range payload[at+len(markID):][:markTime] {
		if b&0x80 == 0 {
			return 0, false
		}
		nanoseconds = nanoseconds<<7 | int64(b&0x7f)
	}
	return nanoseconds, true
}

// marked returns an FLV video body with the time in it: behind the delimiter and
// the parameter sets, before everything else, so that it travels in the picture's
// first RTP packet. A body that is no H.264 picture comes back as it is.
func marked(body []byte, lengthSize int, at time.Time) []byte {
	const head = 5 // frame type and codec, packet type, composition time
	if len(body) < head || body[0]&0x8f != 7 || body[1] != 1 || lengthSize == 3 || lengthSize < 1 || lengthSize > 4 {
		return body
	}
	place := head
	for place+lengthSize < len(body) {
		if kind := body[place+lengthSize] & 0x1f; kind != naluAUD && kind != naluSPS && kind != naluPPS {
			break
		}
		place += lengthSize + unitSize(body[place:], lengthSize)
	}
	if place > len(body) {
		return body // not well-formed: let the server say so
	}
	unit := mark(at)
	out := make([]byte, 0, len(body)+lengthSize+len(unit))
	out = append(out, body[:place]...)
	size := binary.BigEndian.AppendUint32(nil, uint32(len(unit)))
	out = append(out, size[4-lengthSize:]...)
	out = append(out, unit...)
	return append(out, body[place:]...)
}

// unitSize reads a NAL unit's length.
func unitSize(b []byte, lengthSize int) (n int) {
	for _, c := range b[:lengthSize] {
		n = n<<8 | int(c)
	}
	return n
}
