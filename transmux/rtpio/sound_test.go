package rtpio

import (
	"bytes"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

// lc48 is AAC-LC, 48 kHz, stereo.
var lc48 = []byte{0x11, 0x90}

func aacInbound(tb testing.TB, o Options) *Inbound {
	tb.Helper()
	track, err := codecs.AACTrack(lc48)
	if err != nil {
		tb.Fatal(err)
	}
	in, err := NewInbound(track, o)
	if err != nil {
		tb.Fatal(err)
	}
	return in
}

// sounded is what came out: its bytes, and when.
func sounded(units []Unit) (bytes []string, at []uint32) {
	for _, u := range units {
		bytes = append(bytes, string(u.Frame.Parts[0]))
		at = append(at, u.Timestamp-units[0].Timestamp)
	}
	return bytes, at
}

func TestAACPayloads(t *testing.T) {
	for name, tc := range map[string]struct {
		packing  AACPacking
		payloads [][]byte
		want     []string
		at       []uint32
	}{
		"one":           {payloads: [][]byte{{0, 16, 0, 3 << 3, 'a', 'b', 'c'}}, want: []string{"abc"}, at: []uint32{0}},
		"three":         {payloads: [][]byte{{0, 48, 0, 1 << 3, 0, 2 << 3, 0, 1 << 3, 'a', 'b', 'c', 'd'}}, want: []string{"a", "bc", "d"}, at: []uint32{0, 1024, 2048}},
		"in fragments":  {payloads: [][]byte{{0, 16, 0, 4 << 3, 'a', 'b'}, {0, 16, 0, 4 << 3, 'c', 'd'}}, want: []string{"abcd"}, at: []uint32{0}},
		"low bit rate":  {packing: AACPacking{SizeLength: 6, IndexLength: 2, IndexDeltaLength: 2}, payloads: [][]byte{{0, 16, 1 << 2, 2 << 2, 'a', 'b', 'c'}}, want: []string{"a", "bc"}, at: []uint32{0, 1024}},
		"LATM":          {packing: AACPacking{LATM: true}, payloads: [][]byte{{2, 'a', 'b', 1, 'c'}}, want: []string{"ab", "c"}, at: []uint32{0, 1024}},
		"LATM in parts": {packing: AACPacking{LATM: true}, payloads: [][]byte{{3, 'a'}, {'b', 'c'}}, want: []string{"abc"}, at: []uint32{0}},
		"too short":     {payloads: [][]byte{{0}}},
		"no headers":    {payloads: [][]byte{{0, 16, 0}}},
		"no units":      {payloads: [][]byte{{0, 0}}},
		"cut":           {payloads: [][]byte{{0, 16, 0, 9 << 3, 'a'}}},
		"wrong size":    {payloads: [][]byte{{0, 16, 0, 4 << 3, 'a', 'b'}, {0, 16, 0, 5 << 3, 'c', 'd'}}},
	} {
		t.Run(name, func(t *testing.T) {
			units := pushAll(aacInbound(t, Options{AAC: tc.packing}), begin().frame(tc.payloads...)...)
			got, at := sounded(units)
			if len(got) != len(tc.want) {
				t.Fatalf("got %q", got)
			}
			for i := range got {
				if got[i] != tc.want[i] || at[i] != tc.at[i] {
					t.Errorf("got %q at %v", got, at)
				}
			}
		})
	}
}

// A unit whose fragment got lost takes nothing with it.
func TestAACFragmentLost(t *testing.T) {
	in := aacInbound(t, Options{MaxWait: time.Nanosecond})
	s := begin()
	whole := s.frame([]byte{0, 16, 0, 4 << 3, 'a', 'b'}, []byte{0, 16, 0, 4 << 3, 'c', 'd'})
	next := s.frame([]byte{0, 16, 0, 2 << 3, 'e', 'f'})
	for lost := range whole {
		packets := append(append([]Packet(nil), whole[:lost]...), whole[lost+1:]...)
		got, _ := sounded(pushAll(in, append(packets, next...)...))
		if len(got) > 1 || len(got) == 1 && got[0] != "ef" {
			t.Errorf("without fragment %d: %q", lost, got)
		}
		in = aacInbound(t, Options{MaxWait: time.Nanosecond})
	}
}

// mp3Sound is a frame of 48 kHz, 128 kb/s, stereo: 384 bytes.
func mp3Sound(fill byte) []byte {
	return append([]byte{0xFF, 0xFB, 0x94, 0x00}, bytes.Repeat([]byte{fill}, 380)...)
}

// ac3Sound begins with a real frame's head: 48 kHz, stereo, 192 kb/s.
func ac3Sound() []byte {
	return append([]byte{0x0B, 0x77, 0, 0, 0x14, 0x40, 0x43, 0xE1}, bytes.Repeat([]byte{7}, 760)...)
}

// What PaySound cuts comes out as it went in.
func TestSoundsThereAndBack(t *testing.T) {
	aac, _ := codecs.AACTrack(lc48)
	for name, tc := range map[string]struct {
		track av.Track
		unit  []byte
	}{
		"AAC":        {aac, bytes.Repeat([]byte{1}, 300)},
		"long AAC":   {aac, bytes.Repeat([]byte{1, 2, 3}, 2000)},
		"MP3":        {codecs.MP3Track(2, 48000), mp3Sound(5)},
		"AC-3":       {codecs.AC3Track(2, 48000), ac3Sound()},
		"long AC-3":  {codecs.AC3Track(2, 48000), append(ac3Sound(), make([]byte, 1000)...)},
		"long AC-3+": {codecs.AC3Track(2, 48000), append(ac3Sound(), make([]byte, 2000)...)},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := NewInbound(tc.track, Options{})
			if err != nil {
				t.Fatal(err)
			}
			f := &av.Frame{Track: &tc.track, Parts: [][]byte{tc.unit}}
			f.Payloads = PaySound(f)
			s := begin()
			for range 2 {
				units := pushAll(in, s.of(f)...)
				if len(units) != 1 || !bytes.Equal(units[0].Frame.Parts[0], tc.unit) {
					t.Fatalf("%d units of %d payloads", len(units), len(f.Payloads))
				}
			}
		})
	}
}

func TestMP3Payloads(t *testing.T) {
	one, head := mp3Sound(5), make([]byte, mp3Head)
	in := newInbound(t, av.MP3, Options{})
	units := pushAll(in, begin().frame(join(head, one, mp3Sound(6)))...)
	if len(units) != 2 || units[1].Timestamp-units[0].Timestamp != 90000*1152/48000 {
		t.Fatalf("%+v", units)
	}
	if tr := in.Track(); tr.SampleRate != 48000 || tr.Channels != 2 {
		t.Errorf("%+v", tr)
	}
	in = newInbound(t, av.MP3, Options{})
	units = pushAll(in, begin().frame(join(head, one[:200]), join([]byte{0, 0, 0, 200}, one[200:]))...)
	if len(units) != 1 || !bytes.Equal(units[0].Frame.Parts[0], one) {
		t.Fatalf("%d units of fragments", len(units))
	}
}

// FuzzDepaySound: nothing that comes makes more of itself than it is.
func FuzzDepaySound(f *testing.F) {
	f.Add(joinFuzz(begin().frame([]byte{0, 16, 0, 4 << 3, 'a', 'b'}, []byte{0, 16, 0, 4 << 3, 'c', 'd'})), byte(0))
	f.Add(joinFuzz(begin().frame([]byte{2, 'a', 'b', 1, 'c'})), byte(1))
	f.Add(joinFuzz(begin().frame(append(make([]byte, mp3Head), mp3Sound(1)...))), byte(2))
	f.Add(joinFuzz(begin().frame(append([]byte{0, 1}, ac3Sound()...))), byte(3))
	f.Fuzz(func(t *testing.T, data []byte, which byte) {
		var in *Inbound
		switch which % 4 {
		case 0:
			in = aacInbound(t, Options{AAC: AACPacking{
				SizeLength: int(which >> 2 & 15), IndexLength: int(which >> 6), IndexDeltaLength: int(which >> 7),
			}})
		case 1:
			in = aacInbound(t, Options{AAC: AACPacking{LATM: true}})
		case 2:
			in = newInbound(t, av.MP3, Options{})
		default:
			in = newInbound(t, av.AC3, Options{})
		}
		s := begin()
		total := 0
		for _, u := range pushAll(in, append(s.frame(splitFuzz(data)...), s.frame([]byte{0})...)...) {
			total += u.Frame.Size()
		}
		if total > len(data) {
			t.Fatalf("%d bytes of %d", total, len(data))
		}
	})
}
