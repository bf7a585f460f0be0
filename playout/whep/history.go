package whep

import (
	"sort"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/rtpio"
)

const (
	// historyTime is how far back a viewer may ask for packets again: browsers ask
	// ten times in a second, then for a keyframe.
	historyTime = time.Second
	// historyFirst and historyMost bound the frames that are remembered: a second
	// of the live edge, and a second of the fastest ramp at 60 frames a second.
	historyFirst = 64
	historyMost  = 1024
)

// history remembers under which numbers the last frames went to one viewer. The
// packets themselves are in the stream's ring.
type history struct {
	sent []sent
	next int
}

// sent is one frame: its packets' indexes begin at first.
type sent struct {
	first     uint64
	seq       uint64 // in the ring
	at        uint32 // milliseconds, Unix, of which there are no more after 49 days
	timestamp uint32
	extension rtpio.Extension
	packets   uint16
}

// last is whether the packet of that index is the frame's last, which bears the marker.
func (s *sent) last(index uint64) bool { return index+1 == s.first+uint64(s.packets) }

// newest is the frame that was sent last.
func (h *history) newest() sent { return h.sent[(h.next+len(h.sent)-1)%len(h.sent)] }

// add remembers a frame. It grows where the oldest is too young to be forgotten.
func (h *history) add(s sent) {
	if n := len(h.sent); n == 0 || n < historyMost && s.at-h.sent[h.next].at < uint32(historyTime/time.Millisecond) {
		h.grow()
	}
	h.sent[h.next] = s
	h.next = (h.next + 1) % len(h.sent)
}

// grow doubles the room; the oldest frame stays next behind the newest.
func (h *history) grow() {
	bigger := make([]sent, max(2*len(h.sent), historyFirst))
	copied := copy(bigger, h.sent[h.next:])
	copied += copy(bigger[copied:], h.sent[:h.next])
	h.sent, h.next = bigger, copied
}

// find is the payload that went out with that sequence number, nil if that is
// too long ago, or has not been yet.
func (h *history) find(number uint16, s *bus.Stream) (p *av.Payload, found sent, index uint64) {
	n := len(h.sent)
	if n == 0 {
		return nil, sent{}, 0
	}
	newest := h.sent[(h.next+n-1)%n]
	end := newest.first + uint64(newest.packets)
	index = end + uint64(int16(number-uint16(end))) // the nearest that has this number
	i := sort.Search(n, func(i int) bool {
		e := &h.sent[(h.next+i)%n]
		return e.first+uint64(e.packets) > index
	})
	if i == n {
		return nil, sent{}, 0
	}
	e := h.sent[(h.next+i)%n]
	f := s.Frame(e.seq)
	if index < e.first || f == nil || index-e.first >= uint64(len(f.Payloads)) {
		return nil, sent{}, 0
	}
	return &f.Payloads[index-e.first], e, index
}
