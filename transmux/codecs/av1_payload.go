package codecs

import "millrace/transmux/av"

// The bits of the aggregation header (AV1 RTP specification section 4.4).
const (
	av1Continues    = 0x80 // Z: the first element continues the last packet's
	av1Continued    = 0x40 // Y: the last element goes on in the next packet
	av1CountShift   = 4    // W: the number of elements, 0 for more than three
	av1NewSequence  = 0x08 // N: the packet begins a coded video sequence
	av1MaxCount     = 3
	av1PlannedSizes = 8 // sizes tried until a frame's packets are equal
)

// av1Cut is one packet: what is left of OBU first from offset on, the OBUs after
// it, and size bytes of OBU last.
type av1Cut struct {
	first, offset int
	last, size    int
	end           bool // of OBU last
}

func (c *av1Cut) count() int { return c.last - c.first + 1 }

// piece is what the packet holds of OBU i.
func (c *av1Cut) piece(obus [][]byte, i int) []byte {
	b := obus[i]
	if i == c.last {
		from := 0
		if i == c.first {
			from = c.offset
		}
		return b[from : from+c.size : from+c.size]
	}
	if i == c.first {
		return b[c.offset:]
	}
	return b
}

// head is the packet's size in bytes in front of its last piece: aggregation
// header, other pieces, their lengths.
func (c *av1Cut) head(obus [][]byte) int {
	n := 1
	for i := c.first; i < c.last; i++ {
		p := len(c.piece(obus, i))
		n += sizeLEB128(p) + p
	}
	if c.count() > av1MaxCount {
		n += sizeLEB128(c.size)
	}
	return n
}

// nextAV1Cut fills a packet of most bytes from offset of OBU i on.
//
// A packet does not end where an OBU ends if another one follows: browsers
// without the dependency descriptor take that for a frame's end. The OBU's last
// byte waits for the next packet. For the same reason spatial layers share packets,
// which section 5 forbids for the sake of those who drop layers on the way: cut by
// the letter, Chromium decodes no frame of such a stream.
func nextAV1Cut(obus [][]byte, i, offset, most int) av1Cut {
	c := av1Cut{first: i, offset: offset, last: i}
	room := most - 1
	for {
		left := len(obus[c.last])
		if c.last == i {
			left -= offset
		}
		follows := c.last+1 < len(obus)
		if follows {
			// The next element needs a byte, and its length if it is beyond the third.
			need := 1
			if c.count() >= av1MaxCount {
				need = 2
			}
			if rest := room - sizeLEB128(left) - left; rest >= need {
				room = rest
				c.last++
				continue
			}
		}
		if c.count() > av1MaxCount { // every element has its length in front
			room -= sizeLEB128(min(left, room))
		}
		c.size = min(left, room)
		if c.size == left && follows && left > 1 {
			c.size--
		}
		c.end = c.size == left
		return c
	}
}

// planAV1 counts the packets of most bytes that a frame takes, and the bytes of
// their heads.
func planAV1(obus [][]byte, most int) (packets, heads int) {
	for i, offset := 0, 0; i < len(obus); packets++ {
		c := nextAV1Cut(obus, i, offset, most)
		heads += c.head(obus)
		i, offset = c.next()
	}
	return packets, heads
}

// next is where the packet after this one begins.
func (c *av1Cut) next() (i, offset int) {
	switch {
	case c.end:
		return c.last + 1, 0
	case c.first == c.last:
		return c.last, c.offset + c.size
	default:
		return c.last, c.size
	}
}

// av1Payloads cuts a frame's OBUs, none empty and none with a size field, into
// packets of one size but the last where that can be.
func av1Payloads(obus [][]byte, key bool) []av.Payload {
	size := av.MaxPayload
	packets, heads := planAV1(obus, size)
	total := packets
	for _, o := range obus {
		total += len(o)
	}
	// Lengths and held-back bytes are not in the first guess, but they are few.
	guess := max((total+packets-1)/packets, 2+av1MaxCount)
	for s := guess; s < min(guess+av1PlannedSizes, av.MaxPayload); s++ {
		if p, h := planAV1(obus, s); p == packets {
			size, heads = s, h
			break
		}
	}
	out := make([]av.Payload, 0, packets)
	buf := make([]byte, 0, heads)
	budget := total * maxPadPercent / 100
	for i, offset := 0, 0; i < len(obus); {
		c := nextAV1Cut(obus, i, offset, size)
		start := len(buf)
		buf = c.appendHead(buf, obus, key && len(out) == 0)
		p := av.Payload{Head: buf[start:len(buf):len(buf)], Body: c.piece(obus, c.last)}
		i, offset = c.next()
		if short := size - p.Size(); i < len(obus) && short <= min(maxPad, budget) {
			p.Pad = uint8(short)
			budget -= short
		}
		out = append(out, p)
	}
	return evened(out)
}

// appendHead appends the aggregation header and all pieces but the last.
func (c *av1Cut) appendHead(buf []byte, obus [][]byte, newSequence bool) []byte {
	var flags byte
	if c.offset > 0 {
		flags |= av1Continues
	}
	if !c.end {
		flags |= av1Continued
	}
	if newSequence {
		flags |= av1NewSequence
	}
	if c.count() <= av1MaxCount {
		flags |= byte(c.count()) << av1CountShift
	}
	buf = append(buf, flags)
	for i := c.first; i < c.last; i++ {
		p := c.piece(obus, i)
		buf = append(appendLEB128(buf, len(p)), p...)
	}
	if c.count() > av1MaxCount {
		buf = appendLEB128(buf, c.size)
	}
	return buf
}
