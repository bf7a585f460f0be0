package receiver

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v2"
)

// desk is a viewer without a network, and the server's half of its keys.
type desk struct {
	t      testing.TB
	viewer *Viewer
	seal   *srtp.Context
	number uint16
}

func newDesk(t testing.TB, cfg Config) *desk {
	t.Helper()
	key, salt := bytes.Repeat([]byte{7}, 16), bytes.Repeat([]byte{9}, 12)
	context := func() *srtp.Context {
		c, err := srtp.CreateContext(key, salt, srtp.ProtectionProfileAeadAes128Gcm)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	v := &Viewer{
		room: &Room{cfg: cfg}, remote: &answer{}, keyframe: make(chan struct{}), calm: func() {}, begun: time.Now(),
		keys: &keys{remote: context(), local: context()},
	}
	v.remote.kinds[96], v.remote.kinds[111] = video, audio
	v.picture.looking = true
	return &desk{t: t, viewer: v, seal: context(), number: 65530}
}

// packet makes the next one, sealed.
func (b *desk) packet(timestamp uint32, marker bool, payload ...byte) []byte {
	b.t.Helper()
	p := rtp.Packet{
		Header:  rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: b.number, Timestamp: timestamp, SSRC: 5, Marker: marker},
		Payload: payload,
	}
	b.number++
	raw, err := p.Marshal()
	if err != nil {
		b.t.Fatal(err)
	}
	sealed, err := b.seal.EncryptRTP(nil, raw, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return sealed
}

func (b *desk) come(packets ...[]byte) {
	for _, p := range packets {
		b.viewer.take(p, len(p), netip.AddrPort{}, arrival{time.Now(), time.Now()})
	}
}

func (b *desk) hasKeyframe() bool {
	select {
	case <-b.viewer.keyframe:
		return true
	default:
		return false
	}
}

var (
	stap = []byte{24, 0, 2, 0x67, 1, 0, 2, 0x68, 1} // SPS and PPS
	fuA  = [][]byte{{28, 0x85, 1}, {28, 0x05, 2}, {28, 0x45, 3}}
)

func TestFirstKeyframe(t *testing.T) {
	for name, tt := range map[string]struct {
		payloads [][]byte
		lose     int // which packet does not come, from 1
		want     bool
	}{
		"whole":            {[][]byte{stap, fuA[0], fuA[1], fuA[2]}, 0, true},
		"one unit each":    {[][]byte{{0x67, 1}, {0x68, 1}, {0x65, 1}}, 0, true},
		"all in one":       {[][]byte{{24, 0, 2, 0x67, 1, 0, 2, 0x68, 1, 0, 2, 0x65, 1}}, 0, true},
		"front is missing": {[][]byte{stap, fuA[0], fuA[1], fuA[2]}, 1, false},
		"hole":             {[][]byte{stap, fuA[0], fuA[1], fuA[2]}, 3, false},
		"end is missing":   {[][]byte{stap, fuA[0], fuA[1], fuA[2]}, 4, false},
		"no parameters":    {[][]byte{{0x65, 1}}, 0, false},
		"no keyframe":      {[][]byte{stap, {0x61, 1}}, 0, false},
		"cut STAP-A":       {[][]byte{{24, 0xff, 0xff, 0x67}}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newDesk(t, Config{})
			for i, payload := range tt.payloads {
				p := b.packet(1000, i == len(tt.payloads)-1, payload...)
				if i+1 != tt.lose {
					b.come(p)
				}
			}
			b.come(b.packet(4000, true, 0x61, 1))
			if got := b.hasKeyframe(); got != tt.want {
				t.Errorf("keyframe: %v", got)
			}
		})
	}
}

func TestBrokenPictures(t *testing.T) {
	b := newDesk(t, Config{})
	b.come(b.packet(0, true, 0x61))
	b.come(b.packet(1, false, 0x61))
	b.packet(1, false, 0x61) // lost
	b.come(b.packet(1, true, 0x61))
	b.come(b.packet(2, false, 0x61)) // its marker is lost
	b.packet(2, true, 0x61)
	b.come(b.packet(3, true, 0x61)) // whole, but nobody can know
	b.come(b.packet(4, true, 0x61))
	b.come(b.packet(3, true, 0x61)) // back in time
	s := b.viewer.Stats()
	if s.Pictures != 3 || s.Broken != 3 || s.Video.Lost != 2 || s.Video.Backward != 1 {
		t.Errorf("%+v", s)
	}
	b.viewer.keys.remote, _ = srtp.CreateContext(make([]byte, 16), make([]byte, 12), srtp.ProtectionProfileAeadAes128Gcm)
	b.come(b.packet(5, true, 0x61))
	if s := b.viewer.Stats(); s.Unopened != 1 || s.Pictures != 3 {
		t.Errorf("a packet that does not open: %+v", s)
	}
}

func TestMarksAreLookedForWhereTheyAreDue(t *testing.T) {
	var got []int64
	opened := 0
	b := newDesk(t, Config{
		Every: 5,
		Mark: func(payload []byte) (int64, bool) {
			opened++
			return int64(payload[1]), payload[0] == 6
		},
		OnMark: func(m Marked) { got = append(got, m.Value) },
	})
	b.come(b.packet(0, true, 24, 0, 1, 0x67, 0, 1, 0x68, 0, 1, 0x65))
	for i := uint32(1); i <= 20; i++ {
		head := byte(0x61)
		if i%5 == 2 && i != 12 {
			head = 6
		}
		first, last := b.packet(i, false, head, byte(i)), b.packet(i, true, 0x61, 1)
		b.come(first)
		if i != 17 {
			b.come(last)
		}
	}
	// 12 has none: it is looked for in the next ones until 17, which is broken.
	if want := []int64{2, 7}; !slices.Equal(got, want) || opened != 2+1+6 {
		t.Errorf("marks %v after opening %d", got, opened)
	}
}

func TestPaddingAndExtensionsAreNoPayload(t *testing.T) {
	b := newDesk(t, Config{})
	for name, p := range map[string]rtp.Packet{
		"padding":   {Header: rtp.Header{Version: 2, SSRC: 5, Padding: true}, Payload: []byte{1, 2}, PaddingSize: 4},
		"extension": {Header: rtp.Header{Version: 2, SSRC: 5, Extension: true, ExtensionProfile: 0xBEDE, Extensions: []rtp.Extension{}}, Payload: []byte{1, 2}},
		"source":    {Header: rtp.Header{Version: 2, SSRC: 5, CSRC: []uint32{7}}, Payload: []byte{1, 2}},
		"nothing":   {Header: rtp.Header{Version: 2, SSRC: 5, Padding: true}, PaddingSize: 9},
	} {
		raw, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := b.seal.EncryptRTP(nil, raw, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.viewer.unseal(sealed); !bytes.Equal(got, p.Payload) {
			t.Errorf("%s: payload %v", name, got)
		}
	}
}

// FuzzTake feeds whatever a stranger on this machine may send to the socket.
func FuzzTake(f *testing.F) {
	b := newDesk(f, Config{})
	f.Add(b.packet(0, true, stap...), 20)
	f.Add([]byte("\x00\x01\x00\x00\x21\x12\xa4\x42............"), 100)
	f.Add([]byte{0x81, 201, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 16)
	f.Add([]byte{21, 254, 253, 0, 1, 0, 0}, 7)
	f.Fuzz(func(t *testing.T, run []byte, size int) {
		if len(run) == 0 || size <= 0 {
			return
		}
		b := newDesk(t, Config{Mark: func([]byte) (int64, bool) { return 0, true }, OnMark: func(Marked) {}})
		b.viewer.cancel = func(error) {}
		b.viewer.take(run, size, netip.AddrPort{}, arrival{})
		b.viewer.picture.looking = false
		b.viewer.take(run, size, netip.AddrPort{}, arrival{})
	})
}

func BenchmarkTake(b *testing.B) {
	o := newDesk(b, Config{})
	o.come(o.packet(0, true, 24, 0, 1, 0x67, 0, 1, 0x68, 0, 1, 0x65))
	var run []byte
	for i := range 10 {
		run = append(run, o.packet(1, i == 9, make([]byte, 1100)...)...)
	}
	b.ReportAllocs()
	for b.Loop() {
		for i := range 10 { // number on
			p := run[i*len(run)/10:]
			n := o.number
			o.number++
			p[2], p[3] = byte(n>>8), byte(n)
		}
		o.viewer.take(run, len(run)/10, netip.AddrPort{}, arrival{})
	}
}
