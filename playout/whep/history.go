package whep

import (
	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// historySize is how many frames back a viewer may ask for packets again: two
// seconds of picture, much longer than an answer is of use. The packets
// themselves are in the stream's ring.
const historySize = 64

// history remembers under which numbers the last frames went to one viewer.
type history struct {
	sent [historySize]sent
	next int
}

// sent is one frame: its packets' indexes begin at first.
type sent struct {
	first     uint64
	seq       uint64 // in the ring
	timestamp uint32
	packets   uint16
}

func (h *history) add(s sent) {
	h.sent[h.next] = s
	h.next = (h.next + 1) % historySize
}

// find is the payload that went out with that sequence number, nil if that is
// too long ago.
func (h *history) find(number uint16, s *bus.Stream) (p *av.Payload, found sent, index uint64) {
	for i := range historySize {
		e := h.sent[(h.next+2*historySize-1-i)%historySize]
		offset := number - uint16(e.first)
		if e.packets == 0 || offset >= e.packets {
			continue
		}
		f := s.Frame(e.seq)
		if f == nil || int(offset) >= len(f.Payloads) {
			return nil, e, 0
		}
		return &f.Payloads[offset], e, e.first + uint64(offset)
	}
	return nil, sent{}, 0
}
