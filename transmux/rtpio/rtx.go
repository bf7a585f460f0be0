package rtpio

import (
	"crypto/rand"
	"encoding/binary"

	"millrace/transmux/av"
)

// RTX is one receiver's retransmission stream of one track (RFC 4588): packets
// sent again under an SSRC and sequence numbers of their own.
type RTX struct {
	ssrc        uint32
	payloadType uint8
	index       uint64
}

// NewRTX begins a stream; a payload type of zero is a receiver that takes none.
func NewRTX(ssrc uint32, payloadType uint8) RTX {
	var seed [2]byte
	_, _ = rand.Read(seed[:]) // never fails (crypto/rand)
	return RTX{ssrc: ssrc, payloadType: payloadType, index: uint64(binary.BigEndian.Uint16(seed[:]) & 0x7fff)}
}

// Turn changes the payload type, as Writer.Turn does.
func (x *RTX) Turn(payloadType uint8) { x.payloadType = payloadType }

// Offered is true of a receiver that takes retransmissions this way.
func (x *RTX) Offered() bool { return x.payloadType != 0 }

// SSRC is the stream's.
func (x *RTX) SSRC() uint32 { return x.ssrc }

// Append appends the packet that went out with that sequence number and
// timestamp: the original number stands before the payload (RFC 4588 section 4).
func (x *RTX) Append(buf []byte, p *av.Payload, marker bool, original uint16, timestamp uint32) (packet []byte, index uint64) {
	index = x.index
	x.index++
	buf = appendHeader(buf, p, marker, x.payloadType, uint16(index), timestamp, x.ssrc)
	buf = binary.BigEndian.AppendUint16(buf, original)
	return appendPayload(buf, p), index
}
