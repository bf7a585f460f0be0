package codecs

import (
	"encoding/binary"
	"errors"
	"fmt"

	"millrace/transmux/av"
)

// depayH264 puts a frame's payloads together again, as a receiver of RFC 6184
// packetization-mode 1 does.
func depayH264(payloads []av.Payload) ([][]byte, error) {
	var nalus [][]byte
	var open []byte // the unit whose fragments are arriving
	for i, p := range payloads {
		b := append(append([]byte(nil), p.Head...), p.Body...)
		if len(b) == 0 {
			return nil, fmt.Errorf("payload %d is empty", i)
		}
		t := b[0] & 0x1F
		if open != nil && t != 28 {
			return nil, fmt.Errorf("payload %d interrupts a fragmented unit", i)
		}
		switch {
		case t >= 1 && t <= 23:
			nalus = append(nalus, b)
		case t == 24:
			for rest := b[1:]; len(rest) > 0; {
				if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
					return nil, fmt.Errorf("payload %d: STAP-A is cut short", i)
				}
				n := int(binary.BigEndian.Uint16(rest))
				nalus = append(nalus, rest[2:2+n])
				rest = rest[2+n:]
			}
		case t == 28:
			if len(b) < 3 {
				return nil, fmt.Errorf("payload %d: FU-A without a byte in it", i)
			}
			start, end := b[1]&0x80 != 0, b[1]&0x40 != 0
			if start == (open != nil) || start && end || b[1]&0x20 != 0 {
				return nil, fmt.Errorf("payload %d: FU-A header %#x", i, b[1])
			}
			if start {
				open = []byte{b[0]&0xE0 | b[1]&0x1F}
			}
			open = append(open, b[2:]...)
			if end {
				nalus, open = append(nalus, open), nil
			}
		default:
			return nil, fmt.Errorf("payload %d is of type %d", i, t)
		}
	}
	if open != nil {
		return nil, errors.New("the last unit has no end")
	}
	return nalus, nil
}

// countRuns counts a frame's maximal sequences of packets of one size of which
// the last may be shorter: each is one segmented send.
func countRuns(payloads []av.Payload) int {
	runs := 0
	for i := 0; i < len(payloads); runs++ {
		size := payloads[i].Size()
		for i++; i < len(payloads) && payloads[i].Size() == size; i++ {
		}
		if i < len(payloads) && payloads[i].Size() < size {
			i++
		}
	}
	return runs
}
