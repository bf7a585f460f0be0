package rtmp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// errProtocol is wrapped by every complaint about what a peer sent.
var errProtocol = errors.New("protocol error")

func protocolError(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errProtocol}, args...)...)
}

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

// chunkReader puts messages together from the chunk stream (RTMP 1.0 section
// 5.3). It believes no length before the bytes are there, and remembers no more
// than its limits allow.
type chunkReader struct {
	in      *bufio.Reader
	limits  lengthLimits
	budget  int // bytes that unfinished messages may hold
	grain   int // bytes that an unfinished message begins with
	size    int // the peer's chunk size
	held    int // bytes that unfinished messages hold
	streams map[uint32]*chunkStream
	dialect dialect

	newest   int64 // the unwrapped timestamp of the newest media message
	anyMedia bool
	header   [11]byte
}

// chunkStream is what is remembered of a chunk stream: the last header, which
// the next may refer to, and the message that is coming in.
type chunkStream struct {
	kind      uint8
	stream    uint32
	length    int
	timestamp uint32
	delta     uint32
	absolute  bool // the last full header was of type 0
	extended  bool // it had an extended timestamp,
	extension uint32
	open      bool // a message is coming in
	body      []byte
}

func newChunkReader(in *bufio.Reader, limits lengthLimits, budget, grain int) *chunkReader {
	return &chunkReader{
		in: in, limits: limits, budget: budget, grain: grain,
		size:    128, // section 5.4.1
		streams: make(map[uint32]*chunkStream),
	}
}

// next reads until a message is whole. Chunk size and abort messages, which are
// about reading, are obeyed here and not handed out. The body is the caller's.
func (r *chunkReader) next(m *message) error {
	for {
		cs, err := r.readChunk()
		if err != nil {
			return err
		}
		if cs.open {
			continue
		}
		*m = message{kind: cs.kind, stream: cs.stream, timestamp: int64(cs.timestamp), body: cs.body}
		r.held -= cap(cs.body)
		cs.body = nil
		switch m.kind {
		case typeSetChunkSize:
			err = r.setChunkSize(m.body)
		case typeAbort:
			err = r.abort(m.body)
		case typeAudio, typeVideo, typeAggregate:
			m.timestamp = r.unwrap(cs.timestamp)
			return nil
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readChunk reads one chunk; cs.open tells whether its message goes on.
func (r *chunkReader) readChunk() (*chunkStream, error) {
	format, id, err := r.basicHeader()
	if err != nil {
		return nil, err
	}
	cs := r.streams[id]
	if cs == nil {
		if cs, err = r.begin(format, id); err != nil {
			return nil, err
		}
	}
	if format == 3 {
		err = r.continueHeader(cs)
	} else {
		err = r.messageHeader(cs, format, id)
	}
	if err != nil {
		return nil, err
	}
	cs.open = true
	if err := r.payload(cs); err != nil {
		return nil, err
	}
	cs.open = len(cs.body) < cs.length
	return cs, nil
}

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

// begin adds a chunk stream. Its first header must be whole, but for control
// messages without a stream: librtmp sends its pings with type 1.
func (r *chunkReader) begin(format uint8, id uint32) (*chunkStream, error) {
	if format != 0 && (format != 1 || id != chunkStreamControl) {
		return nil, protocolError("chunk stream %d begins with a chunk of type %d", id, format)
	}
	if len(r.streams) >= maxChunkStreams {
		return nil, protocolError("more than %d chunk streams", maxChunkStreams)
	}
	cs := &chunkStream{}
	r.streams[id] = cs
	return cs, nil
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

// payload reads what this chunk holds of the message. Memory grows with what has
// come in, never with what is announced.
func (r *chunkReader) payload(cs *chunkStream) error {
	for left := min(r.size, cs.length-len(cs.body)); left > 0; {
		if len(cs.body) == cap(cs.body) {
			if err := r.grow(cs); err != nil {
				return err
			}
		}
		n := min(left, cap(cs.body)-len(cs.body))
		fresh := cs.body[len(cs.body) : len(cs.body)+n]
		got, err := io.ReadFull(r.in, fresh)
		cs.body = cs.body[:len(cs.body)+got]
		if err != nil {
			return err
		}
		left -= n
	}
	return nil
}

func (r *chunkReader) grow(cs *chunkStream) error {
	bigger := min(cs.length, max(2*cap(cs.body), r.grain))
	more := bigger - cap(cs.body)
	if r.held+more > r.budget {
		return protocolError("unfinished messages hold more than %d bytes", r.budget)
	}
	r.held += more
	body := make([]byte, len(cs.body), bigger)
	copy(body, cs.body)
	cs.body = body[:len(body):bigger]
	return nil
}

// setChunkSize obeys section 5.4.1.
func (r *chunkReader) setChunkSize(body []byte) error {
	if len(body) < 4 {
		return protocolError("a chunk size of %d bytes", len(body))
	}
	size := binary.BigEndian.Uint32(body)
	if size == 0 || size > 1<<31-1 {
		return protocolError("a chunk size of %d", size)
	}
	r.size = min(int(size), maxChunk)
	return nil
}

// abort obeys section 5.4.2: the unfinished message of a chunk stream is dropped.
func (r *chunkReader) abort(body []byte) error {
	if len(body) < 4 {
		return protocolError("an abort of %d bytes", len(body))
	}
	if cs := r.streams[binary.BigEndian.Uint32(body)]; cs != nil && cs.open {
		r.held -= cap(cs.body)
		cs.body, cs.open = nil, false
	}
	return nil
}

// unwrap puts a media timestamp next to the newest one: half of the 32-bit
// circle (24 days) is before it, half after.
func (r *chunkReader) unwrap(timestamp uint32) int64 {
	if !r.anyMedia {
		r.anyMedia = true
		r.newest = int64(timestamp)
	}
	r.newest += int64(int32(timestamp - uint32(r.newest)))
	return r.newest
}

func uint24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }
