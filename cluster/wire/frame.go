package wire

import (
	"encoding/binary"
	"fmt"
	"time"
	"unsafe"

	"millrace/transmux/av"
)

// Frame is an av.Frame on its way. Times are those of the sender's clock.
type Frame struct {
	Channel, Form uint32
	// Number counts the frames of the channel. An Entry is one that does not need
	// those before it, which will not come any more.
	Number uint64
	Entry  bool
	// Sent is when it was given to the transport, in nanoseconds since 1970.
	Sent int64
	// AV has everything but its Track and Generation, which are the channel's.
	AV *av.Frame
}

const (
	flagEntry = 1 << iota
	flagNoPayloads
)

// AppendFrame appends a frame with its header. What it says of payloads is where
// in the parts they lie; bytes that lie elsewhere are carried along.
func AppendFrame(b []byte, f *Frame) []byte {
	head := make([]byte, 0, 128+8*len(f.AV.Payloads))
	a := f.AV
	var flags byte
	if f.Entry {
		flags |= flagEntry
	}
	if a.Payloads == nil {
		flags |= flagNoPayloads
	}
	head = binary.AppendUvarint(head, uint64(f.Channel))
	head = binary.AppendUvarint(head, uint64(f.Form))
	head = binary.AppendUvarint(head, f.Number)
	head = append(head, flags, byte(a.Type))
	head = binary.AppendUvarint(head, a.Origin)
	head = binary.AppendVarint(head, int64(a.DTS))
	head = binary.AppendVarint(head, int64(a.PTS-a.DTS))
	head = binary.AppendVarint(head, int64(a.Held))
	head = binary.AppendVarint(head, a.Arrived.UnixNano())
	head = binary.AppendVarint(head, f.Sent)
	head = binary.AppendUvarint(head, uint64(len(a.Parts)))
	size := 0
	for _, p := range a.Parts {
		head = binary.AppendUvarint(head, uint64(len(p)))
		size += len(p)
	}
	if a.Payloads != nil {
		head = appendPayloads(head, a)
	}
	b = appendHeader(b, TypeFrame, len(head)+size)
	b = append(b, head...)
	for _, p := range a.Parts {
		b = append(b, p...)
	}
	return b
}

func appendPayloads(b []byte, a *av.Frame) []byte {
	b = binary.AppendUvarint(b, uint64(len(a.Payloads)))
	part, offset := 0, 0 // payloads follow the parts' order
	for i := range a.Payloads {
		p := &a.Payloads[i]
		b = binary.AppendUvarint(b, uint64(len(p.Head)))
		b = append(b, p.Head...)
		b = append(b, p.Pad)
		b = binary.AppendUvarint(b, uint64(len(p.Body)))
		if len(p.Body) == 0 {
			continue
		}
		at := -1
		for range a.Parts {
			if at = within(a.Parts[part], p.Body); at >= 0 {
				break
			}
			offset += len(a.Parts[part])
			if part++; part == len(a.Parts) {
				part, offset = 0, 0
			}
		}
		if at < 0 { // bytes that are no part's
			b = append(binary.AppendUvarint(b, 0), p.Body...)
			continue
		}
		b = binary.AppendUvarint(b, uint64(offset+at)+1)
	}
	return b
}

// within is where in part body lies, being the same memory; -1 if it does not.
func within(part, body []byte) int {
	from, at := uintptr(unsafe.Pointer(unsafe.SliceData(part))), uintptr(unsafe.Pointer(unsafe.SliceData(body)))
	if at < from || at+uintptr(len(body)) > from+uintptr(len(part)) {
		return -1
	}
	return int(at - from)
}

// cursor reads a body; the first thing that is wrong stays.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) uvarint(most uint64) uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 || v > most {
		c.bad, c.b = true, nil
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) varint() int64 {
	v, n := binary.Varint(c.b)
	if n <= 0 {
		c.bad, c.b = true, nil
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) take(n int) []byte {
	if n > len(c.b) {
		c.bad, c.b = true, nil
		return nil
	}
	b := c.b[:n:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) byte() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

// piece is a payload whose bytes are found once it is known where the parts begin.
type piece struct{ at, size int }

// DecodeFrame reads a frame; its parts and payloads lie in body, which must not be
// touched afterwards.
func DecodeFrame(body []byte) (*Frame, error) {
	c := &cursor{b: body}
	const most32, most = 1<<32 - 1, 1<<64 - 1
	f := &Frame{Channel: uint32(c.uvarint(most32)), Form: uint32(c.uvarint(most32)), Number: c.uvarint(most)}
	flags := c.byte()
	f.Entry = flags&flagEntry != 0
	a := &av.Frame{Type: av.Type(c.byte()), Origin: c.uvarint(most)}
	a.DTS = time.Duration(c.varint())
	a.PTS = a.DTS + time.Duration(c.varint())
	a.Held = time.Duration(c.varint())
	a.Arrived = time.Unix(0, c.varint())
	f.Sent = c.varint()
	sizes := make([]int, min(c.uvarint(maxParts), uint64(len(c.b))))
	total := 0
	for i := range sizes {
		sizes[i] = int(c.uvarint(MaxFrame))
		total += sizes[i]
	}
	var pieces []piece
	if flags&flagNoPayloads == 0 {
		a.Payloads, pieces = c.payloads()
	}
	if c.bad || total != len(c.b) || a.Type > av.Bidirectional {
		return nil, fmt.Errorf("%w: a frame of %d bytes", ErrMalformed, len(body))
	}
	data := c.b
	for i, p := range pieces {
		if p.at < 0 {
			continue
		}
		if p.at+p.size > len(data) {
			return nil, fmt.Errorf("%w: a payload outside its frame", ErrMalformed)
		}
		a.Payloads[i].Body = data[p.at : p.at+p.size : p.at+p.size]
	}
	a.Parts = make([][]byte, len(sizes))
	for i, n := range sizes {
		a.Parts[i], data = data[:n:n], data[n:]
	}
	f.AV = a
	return f, nil
}

func (c *cursor) payloads() ([]av.Payload, []piece) {
	n := min(c.uvarint(maxPayloads), uint64(len(c.b))/2) // each takes three bytes at least
	list, pieces := make([]av.Payload, n), make([]piece, n)
	for i := range list {
		head := c.take(int(c.uvarint(maxHead)))
		if len(head) > 0 {
			list[i].Head = head
		}
		list[i].Pad = c.byte()
		size := int(c.uvarint(MaxFrame))
		pieces[i].at = -1
		if size == 0 || c.bad {
			continue
		}
		if at := int(c.uvarint(MaxFrame)); at > 0 {
			pieces[i] = piece{at - 1, size}
		} else {
			list[i].Body = c.take(size)
		}
	}
	return list, pieces
}
