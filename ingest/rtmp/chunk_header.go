package rtmp

import (
	"encoding/binary"
	"io"
)

// dialect says whether a sender repeats the extended timestamp on the type 3
// chunks of a message, as the specification wants (section 5.3.1.3), ffmpeg
// does, and OBS does since 2024.
type dialect uint8

const (
	dialectUnknown dialect = iota
	dialectRepeats
	dialectOmits
)

// restartedDelta is when the "delta" that a type 3 chunk inherits from a type 0
// chunk is no delta but the habit of a sender that means zero.
const restartedDelta = 10_000

// basicHeader reads the chunk's format and chunk stream, section 5.3.1.1.
func (r *chunkReader) basicHeader() (format uint8, id uint32, err error) {
	first, err := r.in.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	format, id = first>>6, uint32(first&0x3F)
	if id > 1 {
		return format, id, nil
	}
	rest := r.header[:id+1]
	if _, err := io.ReadFull(r.in, rest); err != nil {
		return 0, 0, err
	}
	if id == 0 {
		return format, 64 + uint32(rest[0]), nil
	}
	return format, 64 + uint32(rest[0]) + uint32(rest[1])<<8, nil
}

// messageHeader reads a header of type 0, 1 or 2 (section 5.3.1.2) and begins a
// message with it.
func (r *chunkReader) messageHeader(cs *chunkStream, format uint8, id uint32) error {
	if cs.open {
		return protocolError("chunk stream %d begins a message inside a message", id)
	}
	h := r.header[:[...]int{11, 7, 3}[format]]
	if _, err := io.ReadFull(r.in, h); err != nil {
		return err
	}
	time := uint24(h)
	if format < 2 {
		cs.length, cs.kind = int(uint24(h[3:])), h[6]
	}
	if format == 0 {
		cs.stream = binary.LittleEndian.Uint32(h[7:])
	}
	cs.extended = time == 0xFFFFFF
	if cs.extended {
		if _, err := io.ReadFull(r.in, r.header[:4]); err != nil {
			return err
		}
		time = binary.BigEndian.Uint32(r.header[:4])
		cs.extension = time
	}
	cs.absolute, cs.delta = format == 0, time
	if cs.absolute {
		cs.timestamp = time
	} else {
		cs.timestamp += time
	}
	if limit := r.limits.of(cs.kind); cs.length > limit {
		return protocolError("a message of type %d has %d bytes, more than %d", cs.kind, cs.length, limit)
	}
	return nil
}

// continueHeader reads what may follow the basic header of a type 3 chunk: the
// extended timestamp again, which some senders repeat and some do not. It then
// begins a message like the last one, unless one is open.
func (r *chunkReader) continueHeader(cs *chunkStream) error {
	if cs.extended {
		if err := r.repeatedExtension(cs); err != nil {
			return err
		}
	}
	if cs.open {
		return nil
	}
	switch {
	case cs.absolute && cs.delta >= restartedDelta:
		// Section 5.3.1.2.4 makes the timestamp of a type 0 chunk the delta of
		// the type 3 message after it. Senders that do so begin near zero; the
		// others mean "the same time again".
	default:
		cs.timestamp += cs.delta
	}
	return nil
}

// repeatedExtension takes the extended timestamp off the wire if it is there. It
// looks no further than bytes that must come anyway, or it would wait for the
// next message to finish this one.
func (r *chunkReader) repeatedExtension(cs *chunkStream) error {
	if r.dialect == dialectOmits {
		return nil
	}
	var want [4]byte
	binary.BigEndian.PutUint32(want[:], cs.extension)
	n := 4
	if r.dialect == dialectUnknown {
		n = max(1, min(4, min(cs.length-len(cs.body), r.size)))
	}
	got, err := r.in.Peek(n)
	if err != nil {
		return err
	}
	same := string(got) == string(want[:n])
	if same && n < 4 {
		if got, err = r.in.Peek(4); err != nil {
			return err
		}
		same = string(got) == string(want[:])
	}
	switch {
	case same:
		r.dialect = dialectRepeats
	case r.dialect == dialectRepeats && !cs.open:
		// A sender of this dialect that begins a message with type 3 means the
		// field as in the header before.
		cs.extension = binary.BigEndian.Uint32(got)
		if cs.delta = cs.extension; cs.absolute {
			cs.timestamp = cs.delta
		}
	case r.dialect == dialectRepeats:
		return protocolError("the extended timestamp changes inside a message")
	default:
		r.dialect = dialectOmits
		return nil
	}
	_, err = r.in.Discard(4)
	return err
}
