package port

import (
	"bufio"
	"encoding/binary"
	"errors"
)

const (
	// frameHeader is the length in front of each packet, RFC 4571 section 2.
	frameHeader = 2
	// readBuffer holds the longest frame, and what came with it.
	readBuffer = 2 * maxDatagram
)

var errFrame = errors.New("a frame longer than any packet")

// peekFrame is the next packet of a connection; it stays in the reader, whose
// buffer is of readBuffer, until it is discarded with its header.
func peekFrame(r *bufio.Reader) ([]byte, error) {
	header, err := r.Peek(frameHeader)
	if err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint16(header))
	if size > maxDatagram {
		return nil, errFrame
	}
	frame, err := r.Peek(frameHeader + size)
	if err != nil {
		return nil, err
	}
	return frame[frameHeader:], nil
}

// appendFrame appends a packet of at most maxDatagram bytes, framed.
func appendFrame(b, packet []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(packet))), packet...)
}
