package codecs

import "millrace/transmux/av"

// maxParts bounds a frame's parts. Encoders make a slice or a tile group per
// packet at most, so that this is more than the largest frame has; a sender of
// empty elements would otherwise turn each of its bytes into a slice of ours.
const maxParts = 4096

// share is the size in bytes of the count equal shares, the last one perhaps
// shorter, that n bytes make when none may be larger than most.
func share(n, most int) (count, size int) {
	count = (n + most - 1) / most
	return count, (n + count - 1) / count
}

// single is a frame of one part in one allocation.
type single struct {
	frame av.Frame
	part  [1][]byte
}

func newSingle(typ av.Type, part []byte) *av.Frame {
	s := &single{part: [1][]byte{part}}
	s.frame.Type = typ
	s.frame.Parts = s.part[:]
	return &s.frame
}

// evened pads the last of equal shares, which may be some bytes shorter: then a
// packet of sound can ride behind it in the same system call.
func evened(shares []av.Payload) []av.Payload {
	if n := len(shares); n > 1 {
		last := &shares[n-1]
		if short := shares[n-2].Size() - last.Size(); 0 < short && short <= min(n, maxPad) {
			last.Pad = uint8(short)
		}
	}
	return shares
}
