package rtpio

import "millrace/transmux/av"

const (
	redMore       = 1 << 7    // another block follows
	maxRedOffset  = 1<<14 - 1 // ticks between a block and the packet
	maxRedLength  = 1<<10 - 1 // bytes of a block that is not the last
	redHeaderSize = 4
)

// RED puts what went before in front of the next packet of a sound (RFC 2198), so
// that a packet that gets lost comes with the one behind it. The zero value has
// nothing to put there.
type RED struct {
	previous  []byte
	timestamp uint32
	head      []byte
}

// Remember keeps a packet for the next one.
func (r *RED) Remember(p *av.Payload, timestamp uint32) {
	r.previous = append(append(r.previous[:0], p.Head...), p.Body...)
	r.timestamp = timestamp
}

// Wrap is the packet with the one before it, both of that payload type, or false
// where these do not go together. It is valid until the next call.
func (r *RED) Wrap(p *av.Payload, timestamp uint32, payloadType uint8) (av.Payload, bool) {
	offset, length := timestamp-r.timestamp, len(r.previous)
	whole := redHeaderSize + 1 + length + p.Size()
	if length == 0 || length > maxRedLength || offset == 0 || offset > maxRedOffset || whole > av.MaxPayload {
		return av.Payload{}, false
	}
	block := offset<<10 | uint32(length)
	r.head = append(r.head[:0], redMore|payloadType, byte(block>>16), byte(block>>8), byte(block), payloadType)
	r.head = append(append(r.head, r.previous...), p.Head...)
	return av.Payload{Head: r.head, Body: p.Body}, true
}
