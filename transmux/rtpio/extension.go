package rtpio

import (
	"encoding/binary"
	"time"
)

// Extension is one RTP header extension as the word that it takes in a block of
// one-byte headers (RFC 8285 section 4.2): its id, its length less one and three
// bytes. Zero is none.
type Extension uint32

const (
	extensionBit     = 1 << 4
	oneByteHeaders   = 0xBEDE
	extensionsOnWord = 1
	extensionSize    = 8 // of the block
)

// PlayoutDelay tells the receiver of a picture to hold it, and what follows, for
// at least and at most so long before it is shown
// (http://www.webrtc.org/experiments/rtp-hdrext/playout-delay: twice 12 bits, in
// units of 10 ms). It holds until another one is told.
func PlayoutDelay(id uint8, least, most time.Duration) Extension {
	const unit, limit, threeBytes = 10 * time.Millisecond, 1<<12 - 1, 2
	units := func(d time.Duration) Extension { return Extension(min(max((d+unit-1)/unit, 0), limit)) }
	return Extension(id)<<28 | threeBytes<<24 | units(least)<<12 | units(most)
}

// HeaderSize is that of a packet with the extension.
func (x Extension) HeaderSize() int {
	if x == 0 {
		return HeaderSize
	}
	return HeaderSize + extensionSize
}

func (x Extension) append(buf []byte) []byte {
	if x == 0 {
		return buf
	}
	buf = binary.BigEndian.AppendUint16(buf, oneByteHeaders)
	buf = binary.BigEndian.AppendUint16(buf, extensionsOnWord)
	return binary.BigEndian.AppendUint32(buf, uint32(x))
}
