package wire

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/derive"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// read decodes one message as it is on the wire.
func read(t *testing.T, b []byte) any {
	t.Helper()
	kind, body, err := readMessage(bufio.NewReader(bytes.NewReader(b)), &budget{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(kind, body)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestFrame: parts, cuts and numbers come as they went, and the cuts lie over the parts.
func TestFrame(t *testing.T) {
	video := avtest.H264Track()
	f := avtest.Frame(&video, av.Key, 7, 5*time.Second, 10)
	part := f.Parts[0]
	f.Parts = [][]byte{part[:100:100], part[100:5000], part[5000:]}
	f.Payloads = []av.Payload{
		{Head: []byte{1, 2, 3}},
		{Body: part[1:100], Pad: 9},
		{Head: []byte{4}, Body: part[101:1200:1200]},
		{Body: part[1200:1201]},
		{Body: []byte("elsewhere")},
		{Body: part[5000:6000]},
		{Body: part[0:50]},
	}
	f.PTS, f.Held, f.Origin, f.Arrived = 6*time.Second, time.Millisecond, 1<<40, time.Unix(100, 5)
	w := &Frame{Channel: 3, Form: 4, Number: 1 << 50, Entry: true, Sent: -5, AV: f}
	b := AppendFrame([]byte("x"), w)[1:]
	got := read(t, b).(*Frame)
	want := *f
	want.Track = nil
	w.AV = &want
	if diff := cmp.Diff(w, got); diff != "" {
		t.Error(diff)
	}
	if within(got.AV.Parts[1], got.AV.Payloads[2].Body) != 1 || within(got.AV.Parts[0], got.AV.Payloads[4].Body) >= 0 {
		t.Error("the cuts do not lie over the parts")
	}
	if extra := len(b) - len(part); extra > 150 {
		t.Errorf("%d bytes more than the frame's own", extra)
	}
	for _, g := range []*av.Frame{{}, {Payloads: []av.Payload{}}, {Parts: [][]byte{{}, {1}}, Type: av.Bidirectional}} {
		got := read(t, AppendFrame(nil, &Frame{AV: g})).(*Frame).AV
		if len(got.Parts) != len(g.Parts) || (got.Payloads == nil) != (g.Payloads == nil) || got.Type != g.Type {
			t.Errorf("%+v is not %+v", got, g)
		}
	}
}

// messages are one of each that JSON carries.
func messages() []Message {
	hop := Hop{Node: "a", Region: "eu", Relay: []string{"192.0.2.1:4443"}}
	track := avtest.H264Track()
	track.ID = 7
	channel := Channel{Channel: 1, Form: 2, Track: TrackOf(&track, 3)}
	return []Message{
		&Hello{Version: Version, Child: hop, Stream: "live/a", Epoch: 3, Origin: "o", Have: []Position{{2, 1, 1 << 40}}, Insist: true, Sent: 4},
		&Welcome{Path: []Hop{hop}, Epoch: 1, Sent: 2, Clock: 3},
		&Refusal{Reason: Full, Text: "no", Try: []Hop{hop}},
		&Catalog{Epoch: 1, Generation: 2, Live: true, Publisher: Publisher{"rtmp", "r", "e", true}, Channels: []Channel{channel}, Start: 3},
		&Describe{channel}, &Keyframe{}, &Want{[]Wish{{[]string{"opus", "PCMU"}, true}}}, &End{"over"}, &Move{"go", []Hop{hop}},
		&Path{[]Hop{hop}}, &Status{[]NodeStatus{{Node: "a", Viewers: 3, Latency: .5}}}, &Query{"live/a"}, &Tree{[]Hop{hop}, nil}, &Wait{},
	}
}

func TestMessages(t *testing.T) {
	for _, m := range messages() {
		if diff := cmp.Diff(m, read(t, Encode(m))); diff != "" {
			t.Error(diff)
		}
	}
	if p := read(t, AppendPing(nil, Ping{-3})).(*Ping); p.Sent != -3 {
		t.Error(p)
	}
	if p := read(t, AppendPong(nil, Pong{-3, 9})).(*Pong); p.Sent != -3 || p.Clock != 9 {
		t.Error(p)
	}
	if m := read(t, appendMessage(nil, 200, []byte("what a later version says"))); m != nil {
		t.Error(m)
	}
}

func TestTrack(t *testing.T) {
	for c := av.Codec(1); c.String() != "unknown"; c++ {
		in := av.Track{
			ID: 9, Kind: c.Kind(), Codec: c, Config: [][]byte{{1}, {2, 3}}, Width: 4, Height: 5, SampleRate: 6, Channels: 7,
			Profile: "High", Rendition: "h", Reordered: true, DerivedFrom: 8,
		}
		w := TrackOf(&in, 2)
		if w.ID != 7 || w.DerivedFrom != 6 {
			t.Errorf("%+v", w)
		}
		out := w.AV()
		out.ID, out.DerivedFrom = 9, 8
		if diff := cmp.Diff(in, out); diff != "" {
			t.Error(diff)
		}
	}
	offer := derive.Taking(av.H264, av.Opus)
	offer.Reordered = true
	w := WishOf(offer)
	w.Codecs = append(w.Codecs, "of a later version")
	if w.Offer() != offer || len(w.Codecs) != 3 {
		t.Errorf("%+v", w)
	}
}

// TestHostile: what a peer may not send, though it belongs to the cluster.
func TestHostile(t *testing.T) {
	deep := make([]Hop, maxHops+1)
	for i := range deep {
		deep[i].Node = "n"
	}
	many := make([]NodeStatus, maxNodes+1)
	for _, m := range []Message{
		&Hello{Child: Hop{Node: "a"}, Stream: "live/a", Have: make([]Position, maxHave+1)},
		&Hello{Stream: "live/a"}, &Hello{Child: Hop{Node: "a"}, Stream: "../a"}, &Hello{Child: Hop{Node: strings.Repeat("a", 1000)}, Stream: "a"},
		&Welcome{}, &Welcome{Path: deep}, &Path{Path: []Hop{{}}}, &Refusal{Try: append(deep, deep...)}, &Move{Try: []Hop{{}}},
		&Status{many}, &Status{make([]NodeStatus, 1)}, &Query{""}, &Want{make([]Wish, 100)}, &Want{[]Wish{{Codecs: make([]string, 100)}}},
		&Catalog{Channels: make([]Channel, maxTracks+1)}, &Catalog{Channels: make([]Channel, 1)},
		&Catalog{Channels: []Channel{{Track: Track{ID: 1, Codec: "H264"}}, {Track: Track{ID: 1, Codec: "AAC"}}}},
		&Describe{Channel{Track: Track{ID: 1, Codec: "H264", Config: make([][]byte, 1000)}}},
		&Describe{Channel{Track: Track{ID: 1, Codec: "H264", Config: [][]byte{make([]byte, maxConfig+1)}}}},
		&Describe{Channel{Track: Track{ID: 1, Codec: "H264", Width: -1}}}, &Describe{Channel{Track: Track{ID: 1, Codec: "unknown"}}},
	} {
		body, _ := json.Marshal(m)
		if _, err := Decode(m.kind(), body); err == nil {
			t.Errorf("%T %.100s is taken", m, body)
		}
	}
	for name, b := range map[string][]byte{
		"a huge frame":   appendHeader(nil, TypeFrame, MaxFrame+1),
		"a huge catalog": appendHeader(nil, TypeCatalog, MaxControl+1),
		"no end":         {byte(TypeFrame), 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
	} {
		if _, _, err := readMessage(bufio.NewReader(bytes.NewReader(b)), &budget{}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	// A length alone gets little memory, and a link gets no more than its budget.
	b := &budget{}
	r := bufio.NewReader(io.MultiReader(bytes.NewReader(appendHeader(nil, TypeFrame, MaxFrame)), strings.NewReader("x")))
	if n := testing.AllocsPerRun(1, func() { _, _, _ = readMessage(r, b) }); n > 10 {
		t.Errorf("%v allocations", n)
	}
	if b.used.Load() != 0 {
		t.Errorf("%d bytes are not given back", b.used.Load())
	}
	b.used.Store(maxPending)
	if _, err := readBody(strings.NewReader("abc"), 3, b); !errors.Is(err, errTooMuch) {
		t.Error(err)
	}
}

func TestSecret(t *testing.T) {
	if _, err := FromSecret("short"); err == nil || !strings.Contains(err.Error(), "openssl") {
		t.Error(err)
	}
	if _, err := FromCA(nil, nil, nil); err == nil {
		t.Error("no CA is taken")
	}
	a, b, c := identity(t, 'a'), identity(t, 'a'), identity(t, 'b')
	for _, use := range []*tls.Config{a.client(), a.server()} {
		if err := use.VerifyPeerCertificate(b.certificate.Certificate, nil); err != nil {
			t.Error(err)
		}
		for _, chain := range [][][]byte{c.certificate.Certificate, nil, {{1, 2, 3}}} {
			if use.VerifyPeerCertificate(chain, nil) == nil {
				t.Error("a stranger is let in")
			}
		}
	}
}

func identity(t *testing.T, of byte) *Identity {
	t.Helper()
	id, err := FromSecret(strings.Repeat(string(of), 32))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// fuzz decodes bytes as one type; what is taken can be encoded again.
func fuzz(f *testing.F, kind Type, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := Decode(kind, body)
		if err != nil {
			return
		}
		switch m := m.(type) {
		case Message:
			if b := Encode(m); len(b) > 0 {
				read(t, b)
			}
		case *Frame:
			again := read(t, AppendFrame(nil, m)).(*Frame)
			if again.AV.Size() != m.AV.Size() || len(again.AV.Payloads) != len(m.AV.Payloads) {
				t.Fatalf("%d and %d bytes", again.AV.Size(), m.AV.Size())
			}
			for i := range m.AV.Payloads {
				if !bytes.Equal(m.AV.Payloads[i].Body, again.AV.Payloads[i].Body) {
					t.Fatal("another cut")
				}
			}
		}
	})
}

func body(b []byte) []byte {
	_, body, _ := readMessage(bufio.NewReader(bytes.NewReader(b)), &budget{})
	return body
}

func FuzzFrame(f *testing.F) {
	video := avtest.H264Track()
	fuzz(f, TypeFrame, body(AppendFrame(nil, &Frame{Channel: 1, AV: avtest.Frame(&video, av.Key, 1, time.Second, 3)})))
}

func fuzzJSON(f *testing.F, kind Type) {
	for _, m := range messages() {
		if m.kind() == kind {
			fuzz(f, kind, body(Encode(m)))
		}
	}
}

func FuzzHello(f *testing.F)    { fuzzJSON(f, TypeHello) }
func FuzzWelcome(f *testing.F)  { fuzzJSON(f, TypeWelcome) }
func FuzzRefusal(f *testing.F)  { fuzzJSON(f, TypeRefusal) }
func FuzzCatalog(f *testing.F)  { fuzzJSON(f, TypeCatalog) }
func FuzzDescribe(f *testing.F) { fuzzJSON(f, TypeDescribe) }
func FuzzWant(f *testing.F)     { fuzzJSON(f, TypeWant) }
func FuzzMove(f *testing.F)     { fuzzJSON(f, TypeMove) }
func FuzzPath(f *testing.F)     { fuzzJSON(f, TypePath) }
func FuzzStatus(f *testing.F)   { fuzzJSON(f, TypeStatus) }
func FuzzTree(f *testing.F)     { fuzzJSON(f, TypeTree) }
func FuzzQuery(f *testing.F)    { fuzzJSON(f, TypeQuery) }
func FuzzPing(f *testing.F)     { fuzz(f, TypePing, make([]byte, 8)) }
func FuzzPong(f *testing.F)     { fuzz(f, TypePong, make([]byte, 16)) }

// FuzzFraming reads whatever comes as messages.
func FuzzFraming(f *testing.F) {
	var all []byte
	for _, m := range messages() {
		all = append(all, Encode(m)...)
	}
	f.Add(all)
	f.Fuzz(func(_ *testing.T, b []byte) {
		budget := &budget{}
		for r := bufio.NewReader(bytes.NewReader(b)); ; {
			kind, body, err := readMessage(r, budget)
			if err != nil {
				return
			}
			_, _ = Decode(kind, body)
		}
	})
}
