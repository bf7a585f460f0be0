package rtmp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeConn is a peer that has sent everything it will, and reads nothing.
type fakeConn struct {
	net.Conn
	in io.Reader
}

func (c fakeConn) Read(p []byte) (int, error)       { return c.in.Read(p) }
func (c fakeConn) SetReadDeadline(time.Time) error  { return nil }
func (c fakeConn) SetWriteDeadline(time.Time) error { return nil }

// recorder is a sink that remembers.
type recorder struct {
	heard   []heard
	faults  []error
	watches []string
}

func (r *recorder) media(m *message) error {
	r.heard = append(r.heard, heard{m.kind, m.timestamp, len(m.body)})
	return nil
}

func (r *recorder) bad(err error) error {
	r.faults = append(r.faults, err)
	return nil
}

func filterOf(in io.Reader, s sink) *filter {
	conn := fakeConn{in: in}
	out := newOutbox(conn, time.Second, new(atomic.Uint64), func(error) {})
	return newFilter(&socket{Conn: conn, total: new(atomic.Uint64)}, out, lengthLimits{video: 1 << 20}, s)
}

// passed reads what a filter gives the library, up to the filter's error.
func passed(f *filter) ([]message, error) {
	b, err := io.ReadAll(f)
	if len(b) > libraryHandshake && !bytes.Equal(b[1:libraryHandshake], make([]byte, libraryHandshake-1)) {
		return nil, errors.New("the library's handshake is missing")
	}
	var all []message
	if len(b) == 0 {
		return nil, err
	}
	r := newChunkReader(newInlet(bytes.NewReader(b[libraryHandshake:]), 4096), lengthLimits{}, maxCommand, maxCommand)
	for r.size = maxChunk; ; {
		var m message
		if e := r.next(&m); e == io.EOF {
			return all, err
		} else if e != nil {
			return all, e
		}
		all = append(all, m)
	}
}

// said reads the outbox.
func said(t *testing.T, f *filter) []message {
	t.Helper()
	r := readerOf(bytes.NewReader(f.out.pending))
	r.size = librarySendChunk
	var all []message
	for {
		var m message
		if err := r.next(&m); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
}

func commandBody(name string, transaction float64, args ...byte) []byte {
	return append(appendNumber(appendString(nil, name), transaction), args...)
}

// command sends one on the control stream.
func (w *wire) command(kind uint8, b []byte) *wire {
	w.b = append(w.b, appendMessage(nil, 3, 128, &message{kind: kind, body: b})...)
	return w
}

// message sends one on the first message stream.
func (w *wire) message(id int, time uint32, kind uint8, b []byte) *wire {
	w.b = append(w.b, appendMessage(nil, byte(id), 128, &message{kind: kind, stream: 1, timestamp: int64(time), body: b})...)
	return w
}

func connected() *wire {
	w := &wire{}
	return w.command(typeCommandAMF0, commandBody("connect", 1, appendObject(nil, property{"app", "live"})...))
}

func TestFilterPasses(t *testing.T) {
	null := []byte{amfNull}
	metadata := append(appendString(nil, "onMetaData"), appendObject(nil, property{"encoder", "e"})...)
	set := append(appendString(nil, "@setDataFrame"), metadata...)
	publish := commandBody("publish", 5, append(null, appendString(nil, "x")...)...)
	tests := []struct {
		name string
		kind uint8
		body []byte
		want []byte // of kind AMF0; nil for nothing
		data bool
	}{
		{"command", typeCommandAMF0, publish, publish, false},
		{"AMF3 command", typeCommandAMF3, append([]byte{0}, publish...), publish, false},
		{"AMF3 command without format", typeCommandAMF3, publish, publish, false},
		{"metadata", typeDataAMF0, set, set, true},
		{"bare metadata", typeDataAMF0, metadata, set, true},
		{"AMF3 metadata", typeDataAMF3, append([]byte{0}, set...), set, true},
		{"other data", typeDataAMF0, appendString(nil, "|RtmpSampleAccess"), nil, false},
		{"shared object", typeSharedAMF0, []byte{1, 2, 3}, nil, false},
		{"AMF3 shared object", typeSharedAMF3, []byte{1, 2, 3}, nil, false},
		{"unknown type", 99, []byte{1, 2, 3}, nil, false},
		{"empty command", typeCommandAMF0, nil, nil, false},
		{"empty audio", typeAudio, nil, nil, false},
		{"results we did not ask for", typeCommandAMF0, commandBody("_result", 3, null...), nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := connected().message(6, 1<<24, tt.kind, tt.body)
			sink := &recorder{}
			f := filterOf(bytes.NewReader(w.b), sink)
			f.publishes = 7
			got, err := passed(f)
			if err != nil || len(sink.faults)+len(sink.heard) != 0 {
				t.Fatal(err, sink)
			}
			if tt.want == nil {
				if len(got) != 1 || f.ignored != 1 {
					t.Fatalf("%d messages passed, %d ignored", len(got), f.ignored)
				}
				return
			}
			if len(got) != 2 {
				t.Fatalf("%d messages passed", len(got))
			}
			want := message{kind: typeCommandAMF0, stream: 1, body: tt.want}
			if tt.data {
				want.kind, want.stream = typeDataAMF0, 7
			}
			if diff := cmp.Diff(want, got[1], cmp.AllowUnexported(message{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFilterAnswers(t *testing.T) {
	ping := []byte{0, eventPingRequest, 1, 2, 3, 4}
	tests := []struct {
		name string
		kind uint8
		body []byte
		want *message
	}{
		{"ping", typeUserControl, ping, &message{kind: typeUserControl, body: []byte{0, eventPingResponse, 1, 2, 3, 4}}},
		{"short ping", typeUserControl, ping[:5], nil},
		{"releaseStream", typeCommandAMF0, commandBody("releaseStream", 2, amfNull), command{"x", 2, nil}.answer(1, true)},
		{"FCPublish", typeCommandAMF0, commandBody("FCPublish", 3, amfNull), command{"x", 3, nil}.answer(1, true)},
		{"FCUnpublish without transaction", typeCommandAMF0, commandBody("FCUnpublish", 0, amfNull), nil},
		{"an unknown command", typeCommandAMF0, commandBody("getMovie", 9, amfNull), command{"x", 9, nil}.answer(1, false)},
		{"an unknown notice", typeCommandAMF0, commandBody("getMovie", 0, amfNull), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := filterOf(bytes.NewReader(connected().message(2, 0, tt.kind, tt.body).b), &recorder{})
			if got, err := passed(f); err != nil || len(got) != 1 {
				t.Fatalf("%v, passed %v", err, got)
			}
			got := said(t, f)
			if tt.want == nil {
				if len(got) != 0 {
					t.Errorf("said %v", got)
				}
				return
			}
			if diff := cmp.Diff([]message{*tt.want}, got, cmp.AllowUnexported(message{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFilterAcknowledges(t *testing.T) {
	w := connected().message(2, 0, typeWindowAckSize, []byte{0, 0, 0, 1})
	for range 200 {
		w.message(6, 0, typeVideo, body(1000))
	}
	f := filterOf(bytes.NewReader(w.b), &recorder{})
	if _, err := passed(f); err != nil {
		t.Fatal(err)
	}
	got := said(t, f)
	if n := len(w.b) / (ackWindowMin / 2); len(got) < n-1 || len(got) > n {
		t.Fatalf("%d acknowledgements for %d bytes", len(got), len(w.b))
	}
	if got[0].kind != typeAck {
		t.Errorf("said %v", got[0])
	}
}

func TestFilterRefuses(t *testing.T) {
	deep := commandBody("connect", 1, nested(amfObject, 10_000)...)
	tests := []struct {
		name string
		wire *wire
	}{
		{"publish before connect", (&wire{}).message(3, 0, typeCommandAMF0, commandBody("publish", 1))},
		{"no command at all", (&wire{}).message(3, 0, typeCommandAMF0, []byte("GET / HTTP/1.1"))},
		{"no transaction", (&wire{}).message(3, 0, typeCommandAMF0, appendString(nil, "connect"))},
		{"deep connect", (&wire{}).message(3, 0, typeCommandAMF0, deep)},
		{"mad transaction", connected().message(3, 0, typeCommandAMF0, commandBody("publish", 1e300))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := filterOf(bytes.NewReader(tt.wire.b), &recorder{})
			f.in.budget = 1 << 20
			if _, err := passed(f); !errors.Is(err, errProtocol) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// flvTag is a part of an aggregate.
func flvTag(kind uint8, time uint32, b []byte) []byte {
	w := (&wire{}).bytes(kind).uint24(len(b)).uint24(int(time&0xFFFFFF)).bytes(byte(time>>24), 0, 0, 0)
	return w.bytes(b...).uint32(uint32(11 + len(b))).b
}

func TestFilterSplitsAggregates(t *testing.T) {
	whole := bytes.Join([][]byte{
		flvTag(typeVideo, 5_000, body(300)), flvTag(typeAudio, 5_010, body(20)), flvTag(typeAudio, 5_020, nil),
		flvTag(typeDataAMF0, 5_020, body(9)), flvTag(typeVideo, 4_990, body(7)),
	}, nil)
	parts := []heard{{typeVideo, 1 << 24, 300}, {typeAudio, 1<<24 + 10, 20}, {typeVideo, 1<<24 - 10, 7}}
	tests := []struct {
		name   string
		body   []byte
		want   []heard
		faults int
	}{
		{"whole", whole, parts, 0},
		{"without the last back pointer", whole[:len(whole)-4], parts, 0},
		{"cut in a header", whole[:311+4+5], parts[:1], 1},
		{"cut in a body", whole[:100], nil, 1},
		{"lies", flvTag(typeVideo, 0, body(9))[:14], nil, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sink := &recorder{}
			f := filterOf(bytes.NewReader(connected().message(6, 1<<24, typeAggregate, tt.body).b), sink)
			if _, err := passed(f); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, sink.heard); diff != "" || len(sink.faults) != tt.faults {
				t.Errorf("faults %v (-want +got):\n%s", sink.faults, diff)
			}
		})
	}
}

// FuzzFilter: whatever a peer sends, memory is bounded, and the library gets
// nothing but whole, plain commands and metadata.
func FuzzFilter(f *testing.F) {
	f.Add(connected().message(6, 1<<24, typeVideo, body(300)).b)
	f.Add(connected().full(6, 1<<24, 300, typeVideo).bytes(body(128)...).basic(3, 6).uint32(1 << 24).bytes(body(172)...).b)
	f.Add(connected().message(2, 0, typeSetChunkSize, []byte{0, 0, 0, 1}).message(4, 9, typeAggregate, flvTag(8, 1, body(20))).b)
	f.Add(connected().message(3, 0, typeCommandAMF3, append([]byte{0}, commandBody("publish", 1, amfNull)...)).b)
	f.Fuzz(func(t *testing.T, in []byte) {
		sink := &recorder{}
		fl := filterOf(bytes.NewReader(in), sink)
		if len(in) > 0 && in[0]&1 != 0 {
			fl.publishing(1)
		}
		got, err := passed(fl)
		if err != nil && !errors.Is(err, errProtocol) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		if fl.in.held > fl.in.budget || fl.in.held > 2*len(in)+maxChunkStreams*fl.in.grain {
			t.Fatalf("%d bytes held for %d", fl.in.held, len(in))
		}
		if len(fl.out.pending) > maxUnsent {
			t.Fatalf("%d bytes to say", len(fl.out.pending))
		}
		for _, m := range got {
			plain, err := plainAMF(nil, m.body)
			if m.kind != typeCommandAMF0 && m.kind != typeDataAMF0 || err != nil || !bytes.Equal(plain, m.body) {
				t.Fatalf("the library gets %+v: %v", m, err)
			}
		}
		for _, m := range sink.heard {
			if m.Length == 0 || m.Length > (lengthLimits{1 << 20}).of(m.Kind) {
				t.Fatalf("the session gets %+v", m)
			}
		}
	})
}

// BenchmarkFilter reads video and audio as OBS sends it: 4096-byte chunks.
func BenchmarkFilter(b *testing.B) {
	var w wire
	w.b = append(w.b, connected().b...)
	w.b = append(w.b, setChunkSizeMessage(4096)...)
	prefix := len(w.b)
	const messages = 64
	for i := range messages / 2 {
		w.b = append(w.b, appendMessage(nil, 4, 4096, &message{kind: typeVideo, timestamp: int64(33 * i), body: body(12_000)})...)
		w.b = append(w.b, appendMessage(nil, 4, 4096, &message{kind: typeAudio, timestamp: int64(33 * i), body: body(400)})...)
	}
	source := &repeating{head: w.b[:prefix], loop: w.b[prefix:]}
	sink := &counting{}
	f := filterOf(source, sink)
	if err := f.awaitConnect(); err != nil {
		b.Fatal(err)
	}
	f.plain = nil
	f.publishing(1)
	b.SetBytes(int64(len(source.loop)) / messages)
	b.ReportAllocs()
	for b.Loop() {
		for sink.n++; sink.n > 0; {
			if err := f.step(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

type counting struct{ n int }

func (c *counting) media(*message) error        { c.n--; return nil }
func (c *counting) bad(err error) error         { return err }
func (c *counting) watch(command, uint32) error { return nil }

// repeating is a peer that never ends.
type repeating struct{ head, loop, left []byte }

func (r *repeating) Read(p []byte) (int, error) {
	if len(r.head) > 0 {
		n := copy(p, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	if len(r.left) == 0 {
		r.left = r.loop
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

func (r *recorder) watch(c command, _ uint32) error {
	r.watches = append(r.watches, c.name)
	return nil
}
