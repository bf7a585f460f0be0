package rtmp

import (
	"encoding/binary"
)

// libraryHandshake is what the library reads and writes as its handshake: C0,
// C1, C2 and S0, S1, S2.
const libraryHandshake = 1 + 2*handshakeSize

// sink takes what the filter does not pass on to the library. Its errors end
// the connection.
type sink interface {
	// media takes an audio or video message; its body is the sink's to keep.
	media(m *message) error
	// watch takes a command of those who want to watch. Its errors end the connection.
	watch(c command, stream uint32) error
	// bad hears of a message that was dropped because it could not be read.
	bad(err error) error
}

// filter stands between the socket and the library, which takes it for the
// connection. From the peer's chunk stream it makes whole messages, checks them,
// and feeds the library commands and metadata, one at a time, each as a single
// chunk with nothing in it that the library is known to choke on. Control
// messages it answers itself, media goes to the sink.
//
// Read and everything it leads to run on the library's reading goroutine.
type filter struct {
	sock *socket
	in   *chunkReader
	out  *outbox
	sink sink

	current   message
	plain     []byte // what the library has not read yet
	buffer    []byte // behind plain
	swallow   int    // bytes of the library's handshake still to come
	connected bool   // "connect" has come
	caps      capabilities
	answers   *answers
	command   string // the last one passed on
	publishes uint32 // the message stream that publishes, 0 for none
	playing   bool   // the peer watches
	fcPublish bool   // the peer announces its publishing the FMLE way
	leaving   bool   // and the end of it

	window  uint64 // the peer wants to hear of so many bytes, 0 never
	acked   uint64
	ignored uint64 // messages that mean nothing here
	failed  error  // why the library can read no more
	over    chan struct{}
}

func newFilter(sock *socket, out *outbox, limits lengthLimits, sink sink) *filter {
	in := newInlet(sock, readBufferPending)
	return &filter{
		sock: sock, out: out, sink: sink,
		in:      newChunkReader(in, limits, budgetPending, grainPending),
		swallow: libraryHandshake,
		answers: newAnswers(),
		over:    make(chan struct{}),
	}
}

// awaitConnect reads up to the first command, which is kept for the library.
func (f *filter) awaitConnect() error {
	for len(f.plain) == 0 {
		if err := f.step(); err != nil {
			return err
		}
	}
	return nil
}

// publishing makes room for media on the message stream.
func (f *filter) publishing(stream uint32) {
	f.publishes = stream
	f.in.budget, f.in.grain = f.in.limits.video+budgetSpare, grainPublishing
	f.in.in.resize(readBufferPublishing)
}

// Read gives the library its next message. It never gives it two at once, so
// that the library has acted on one before the media behind it is handled.
func (f *filter) Read(p []byte) (int, error) {
	for len(f.plain) == 0 {
		if err := f.step(); err != nil {
			f.failed = err
			return 0, err
		}
	}
	n := copy(p, f.plain)
	f.plain = f.plain[n:]
	return n, nil
}

// Write takes what the library says, but for its handshake, which is over.
func (f *filter) Write(p []byte) (int, error) {
	n := min(f.swallow, len(p))
	f.swallow -= n
	if n < len(p) {
		if err := f.answer(p[n:]); err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// Close is the library's last call. The session closes the connection.
func (f *filter) Close() error {
	close(f.over)
	return nil
}

// step reads one message and puts it where it belongs.
func (f *filter) step() error {
	m := &f.current
	if err := f.in.next(m); err != nil {
		return err
	}
	m.arrived = f.sock.arrived
	f.acknowledge()
	if f.playing {
		f.sock.alive() // viewers say little: whatever it is
	}
	switch {
	case m.kind == typeUserControl:
		f.userControl(m.body)
		return nil
	case m.kind == typeWindowAckSize && len(m.body) >= 4:
		f.window = max(ackWindowMin, uint64(binary.BigEndian.Uint32(m.body)))
		return nil
	case len(m.body) == 0:
		// Encoders that have nothing to say may say so.
		f.ignored++
		return nil
	}
	return f.content(m)
}

// content handles the messages that carry something.
func (f *filter) content(m *message) error {
	switch m.kind {
	case typeAudio, typeVideo:
		f.sock.alive()
		return f.sink.media(m)
	case typeAggregate:
		f.sock.alive()
		return f.aggregate(m)
	case typeCommandAMF3, typeDataAMF3:
		// A format byte, then AMF0 in which a marker leads to AMF3.
		if m.body[0] == 0 {
			m.body = m.body[1:]
		}
		m.kind += typeCommandAMF0 - typeCommandAMF3
		return f.content(m)
	case typeCommandAMF0:
		return f.takeCommand(m)
	case typeDataAMF0:
		return f.takeData(m)
	default: // acknowledgements, shared objects, what the future brings
		f.ignored++
		return nil
	}
}

// acknowledge tells the peer how much has come in, well before it would wait
// for that (section 5.4.3).
func (f *filter) acknowledge() {
	if f.window != 0 && f.sock.read-f.acked >= f.window/2 {
		f.acked = f.sock.read
		f.out.offer(ackMessage(uint32(f.acked)))
	}
}

func (f *filter) userControl(body []byte) {
	if len(body) >= 6 && binary.BigEndian.Uint16(body) == eventPingRequest {
		f.out.offer(pongMessage(body[2:6]))
	}
}

// takeCommand answers what the library does not and passes on the rest.
func (f *filter) takeCommand(m *message) error {
	plain, err := plainAMF(nil, m.body)
	if err != nil {
		return err
	}
	c, err := parseCommand(plain)
	if err != nil {
		return err
	}
	if !f.connected && c.name != "connect" {
		return protocolError("%q before connect", c.name)
	}
	f.sock.alive()
	switch c.name {
	case "connect", "createStream", "deleteStream":
		if !f.connected {
			f.caps = readCapabilities(c)
		}
		m.stream = 0 // where the library expects them
		fallthrough
	case "publish", "closeStream":
		f.command = c.name
		f.pass(m, plain)
	case "play", "pause", "pauseRaw", "seek", "receiveAudio", "receiveVideo":
		f.command = c.name
		return f.sink.watch(c, m.stream)
	case "getStreamLength":
		f.say(c.lengthAnswer(m.stream))
	case "releaseStream", "FCPublish", "FCUnpublish", "_checkbw":
		f.fcPublish = f.fcPublish || c.name == "FCPublish"
		f.leaving = f.leaving || c.name == "FCUnpublish"
		if c.transaction != 0 {
			f.say(c.answer(m.stream, true))
		}
	case "_result", "_error", "onStatus": // we asked for nothing
		f.ignored++
	default:
		f.ignored++
		if c.transaction != 0 {
			f.say(c.answer(m.stream, false))
		}
	}
	return nil
}

// takeData passes on metadata in the one form that the library hands out.
func (f *filter) takeData(m *message) error {
	if f.publishes == 0 {
		f.ignored++
		return nil
	}
	plain, err := plainAMF(nil, m.body)
	if err != nil {
		return f.sink.bad(err)
	}
	f.sock.alive()
	const set, meta = "@setDataFrame", "onMetaData"
	switch name, _, _ := cutString(plain); name {
	case set:
	case meta:
		plain = append(appendString(nil, set), plain...)
	default:
		f.ignored++
		return nil
	}
	m.stream = f.publishes
	f.pass(m, plain)
	return nil
}

// pass lays a message out for the library.
func (f *filter) pass(m *message, plain []byte) {
	f.buffer = f.buffer[:0]
	if !f.connected {
		f.connected = true
		// The library believes to do the handshake now: any bytes will do.
		f.buffer = append(make([]byte, 0, libraryHandshake+len(plain)+16), rtmpVersion)
		f.buffer = append(f.buffer, make([]byte, 2*handshakeSize)...)
	}
	f.buffer = appendMessage(f.buffer, chunkStreamCommand, maxChunk,
		&message{kind: m.kind, stream: m.stream, body: plain})
	f.plain = f.buffer
}

// say sends a command of our own, if the peer reads at all.
func (f *filter) say(m *message) {
	f.out.offer(appendMessage(nil, chunkStreamStatus, librarySendChunk, m))
}
