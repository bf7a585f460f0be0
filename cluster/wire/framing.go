package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

func appendHeader(b []byte, t Type, size int) []byte {
	return binary.AppendUvarint(append(b, byte(t)), uint64(size))
}

func appendMessage(b []byte, t Type, body []byte) []byte {
	return append(appendHeader(b, t, len(body)), body...)
}

var errTooMuch = errors.New("too much is under way at once")

// budget bounds the bytes that a link receives at once.
type budget struct{ used atomic.Int64 }

func (b *budget) take(n int) error {
	if b.used.Add(int64(n)) > maxPending {
		b.used.Add(-int64(n))
		return fmt.Errorf("%w: more than %d bytes", errTooMuch, maxPending)
	}
	return nil
}

func (b *budget) give(n int) { b.used.Add(-int64(n)) }

// readMessage reads one message; io.EOF if there is none. The body is the caller's.
func readMessage(r *bufio.Reader, b *budget) (Type, []byte, error) {
	t, err := r.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	size, err := binary.ReadUvarint(r)
	if err != nil {
		return 0, nil, noEOF(err)
	}
	if size > uint64(Type(t).limit()) {
		return 0, nil, fmt.Errorf("%w: %d bytes of type %d", ErrMalformed, size, t)
	}
	body, err := readBody(r, int(size), b)
	return Type(t), body, noEOF(err)
}

// readMessages reads messages until the end, and returns why; io.EOF between two.
func readMessages(r *bufio.Reader, b *budget, handle func(Type, []byte) error) error {
	for {
		t, body, err := readMessage(r, b)
		if err != nil {
			return err
		}
		if err := handle(t, body); err != nil {
			return err
		}
	}
}

// readBody gives memory for what has come, not for what was announced.
func readBody(r io.Reader, size int, b *budget) ([]byte, error) {
	body := make([]byte, min(size, chunk))
	taken := len(body)
	if err := b.take(taken); err != nil {
		return nil, err
	}
	defer func() { b.give(taken) }()
	for have := 0; ; {
		n, err := io.ReadFull(r, body[have:])
		if have += n; err != nil || have == size {
			return body, err
		}
		next := make([]byte, min(size, 4*have))
		if err := b.take(len(next) - len(body)); err != nil {
			return nil, err
		}
		taken = len(next)
		copy(next, body)
		body = next
	}
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
