package rtmp

import (
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

// chunkReader puts messages together from the chunk stream (RTMP 1.0 section
// 5.3). It believes no length before the bytes are there, and remembers no more
// than its limits allow.
type chunkReader struct {
	in      *inlet
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
	held      int // bytes of memory that it has
}

func newChunkReader(in *inlet, limits lengthLimits, budget, grain int) *chunkReader {
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
		r.held -= cs.held
		cs.body, cs.held = nil, 0
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

// payload reads what this chunk holds of the message. Memory grows with what has
// come in, never with what is announced.
func (r *chunkReader) payload(cs *chunkStream) error {
	if len(cs.body) == 0 && cs.length <= r.size && r.in.lends(cs.length) {
		body, err := r.in.Take(cs.length) // the whole message is in this chunk
		cs.body = body
		return err
	}
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
	cs.held += more
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
		r.held -= cs.held
		cs.body, cs.held, cs.open = nil, 0, false
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
