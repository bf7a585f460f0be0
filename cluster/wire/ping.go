package wire

import (
	"encoding/binary"
	"fmt"
)

// Ping measures the way to the parent and the difference of the clocks; it also
// says that the child is there. Its answer says that the parent is.
type Ping struct {
	Sent int64 // the child's clock, in nanoseconds since 1970
}

// Pong answers a Ping.
type Pong struct {
	Sent  int64 // the Ping's
	Clock int64 // the parent's, when the Ping came
}

// AppendPing appends the message with its header.
func AppendPing(b []byte, p Ping) []byte {
	return appendMessage(b, TypePing, binary.BigEndian.AppendUint64(nil, uint64(p.Sent)))
}

// AppendPong appends the message with its header.
func AppendPong(b []byte, p Pong) []byte {
	body := binary.BigEndian.AppendUint64(nil, uint64(p.Sent))
	return appendMessage(b, TypePong, binary.BigEndian.AppendUint64(body, uint64(p.Clock)))
}

func decodePing(t Type, body []byte) (any, error) {
	switch {
	case t == TypePing && len(body) >= 8:
		return &Ping{Sent: int64(binary.BigEndian.Uint64(body))}, nil
	case t == TypePong && len(body) >= 16:
		return &Pong{Sent: int64(binary.BigEndian.Uint64(body)), Clock: int64(binary.BigEndian.Uint64(body[8:]))}, nil
	default:
		return nil, fmt.Errorf("%w: a ping of %d bytes", ErrMalformed, len(body))
	}
}
