package codecs

import (
	"bytes"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/google/go-cmp/cmp"
	pion "github.com/pion/rtp/codecs"

	"millrace/transmux/av"
)

// depayAV1 puts a frame's OBUs together by the letter of the specification.
// Where the packets' boundaries fall on OBUs' boundaries, it counts.
func depayAV1(tb testing.TB, f *av.Frame) (obus [][]byte, aligned int) {
	tb.Helper()
	open := false
	for i, p := range f.Payloads {
		b := whole(p)
		z, y, w, n := b[0]&0x80 != 0, b[0]&0x40 != 0, int(b[0]>>4&3), b[0]&8 != 0
		if z != open || n != (i == 0 && f.Type == av.Key) || b[0]&7 != 0 {
			tb.Fatalf("payload %d: header %#x", i, b[0])
		}
		count := 0
		for b = b[1:]; len(b) > 0; count++ {
			size := len(b)
			if w == 0 || count+1 < w {
				v, n, err := readLEB128(b)
				if err != nil || v > len(b)-n || v == 0 {
					tb.Fatalf("payload %d: element %d of %d bytes, %v", i, count, v, err)
				}
				b, size = b[n:], v
			}
			if open {
				obus[len(obus)-1] = append(obus[len(obus)-1], b[:size]...)
			} else {
				obus = append(obus, bytes.Clone(b[:size]))
			}
			b = b[size:]
			open = y && len(b) == 0
		}
		if w > 0 && count != w {
			tb.Fatalf("payload %d: %d elements, W is %d", i, count, w)
		}
		if !open && i < len(f.Payloads)-1 {
			aligned++
		}
	}
	if open {
		tb.Fatal("the last OBU has no end")
	}
	return obus, aligned
}

// checkAV1 holds a frame's payloads against two depacketizers.
func checkAV1(tb testing.TB, f *av.Frame) {
	tb.Helper()
	small := false
	for _, o := range f.Parts {
		small = small || len(o) == 1 // has no byte to hold back
	}
	checkSizes(tb, f.Payloads, true)
	obus, aligned := depayAV1(tb, f)
	if !sameParts(f.Parts, obus) {
		tb.Fatal("OBUs changed on the way")
	}
	if aligned > 0 && !small {
		tb.Fatalf("%d packets end with an OBU", aligned)
	}
	var depacketizer pion.AV1Depacketizer
	var stream, want []byte
	for i, p := range f.Payloads {
		b, err := depacketizer.Unmarshal(whole(p))
		if err != nil {
			tb.Fatalf("payload %d: %v", i, err)
		}
		stream = append(stream, b...)
	}
	for _, o := range f.Parts {
		head := av1HeaderSize(o)
		want = append(append(want, o[0]|av1HasSize), o[1:head]...)
		want = append(appendLEB128(want, len(o)-head), o[head:]...)
	}
	if !bytes.Equal(stream, want) {
		tb.Fatal("pion reads other OBUs")
	}
}

// obu makes an OBU of n bytes of a layer: 0 for none, else the extension's byte.
func obu(kind, layer byte, n int) []byte {
	b := bytes.Repeat([]byte{0x55}, n)
	b[0] = kind << 3
	if layer != 0 && n > 1 {
		b[0] |= av1HasExtension
		b[1] = layer
	}
	return b
}

func TestAV1Payloads(t *testing.T) {
	const sh, meta, frame, tiles = av1SequenceHeader, 5, av1FrameOBU, 4
	for name, tc := range map[string]struct {
		obus  [][]byte
		sizes []int
		pads  int
	}{
		"a small frame":            {[][]byte{obu(frame, 0, 100)}, []int{101}, 0},
		"one that just fits":       {[][]byte{obu(frame, 0, 1179)}, []int{1180}, 0},
		"one byte more":            {[][]byte{obu(frame, 0, 1180)}, []int{591, 591}, 0},
		"a large one":              {[][]byte{obu(frame, 0, 3001)}, []int{1002, 1002, 1002}, 2},
		"a keyframe":               {[][]byte{obu(sh, 0, 12), obu(frame, 0, 2500)}, []int{839, 839, 839}, 1},
		"three OBUs":               {[][]byte{obu(sh, 0, 12), obu(meta, 0, 30), obu(frame, 0, 40)}, []int{1 + 13 + 31 + 40}, 0},
		"four OBUs":                {[][]byte{obu(sh, 0, 12), obu(meta, 0, 30), obu(frame, 0, 40), obu(tiles, 0, 50)}, []int{1 + 13 + 31 + 41 + 51}, 0},
		"an end at a packet's end": {[][]byte{obu(frame, 0, 1179), obu(tiles, 0, 1179)}, []int{788, 788, 788}, 1},
		"two layers":               {[][]byte{obu(frame, 0x08, 1000), obu(frame, 0x10, 1000)}, []int{1003, 1003}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			f := &av.Frame{Parts: tc.obus, Payloads: av1Payloads(tc.obus, false)}
			checkAV1(t, f)
			var sizes []int
			pads := 0
			for _, p := range f.Payloads {
				sizes = append(sizes, p.Size())
				pads += int(p.Pad)
			}
			if diff := cmp.Diff(tc.sizes, sizes); diff != "" {
				t.Error(diff)
			}
			if pads != tc.pads {
				t.Errorf("%d bytes of padding, want %d", pads, tc.pads)
			}
		})
	}
}

func TestAV1PayloadsOfAllShapes(t *testing.T) {
	seed := uint32(1)
	next := func(n int) int { // a fixed sequence, so that a failure repeats
		seed = seed*1664525 + 1013904223
		return int(seed>>8) % n
	}
	pads, total := 0, 0
	for range 1000 {
		var obus [][]byte
		layered := next(3) == 0
		for range 1 + next(1+next(12)) {
			var layer byte
			if layered {
				layer = byte(next(3)) << 3
			}
			obus = append(obus, obu(av1FrameOBU, layer, 2+next(1+next(4000))))
		}
		f := &av.Frame{Type: av.Type(next(2)), Parts: obus}
		f.Payloads = av1Payloads(obus, f.Type == av.Key)
		checkAV1(t, f)
		for _, p := range f.Payloads {
			pads += int(p.Pad)
		}
		total += f.Size()
	}
	t.Logf("%.2f %% padding", 100*float64(pads)/float64(total))
}

func TestAV1FrameAllocatesLittle(t *testing.T) {
	units := av1File(t, "av1-aom")
	for i, most := range map[int]float64{0: 4, 1: 4} { // units without delimiter, the frame, its payloads, their heads
		n := testing.AllocsPerRun(100, func() {
			if _, err := AV1Frame(nil, units[i]); err != nil {
				t.Fatal(err)
			}
		})
		if n > most {
			t.Errorf("unit %d: %.0f allocations, want at most %.0f", i, n, most)
		}
	}
}

func FuzzAV1Frame(f *testing.F) {
	for _, name := range []string{"av1-aom", "av1-svt"} {
		for _, data := range readIVF(f, name)[:4] {
			f.Add(data[:min(len(data), 3000)])
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var theirs av1.Bitstream
		err := theirs.Unmarshal(data)
		obus, ours := AV1Split(bytes.Clone(data))
		if err == nil && ours == nil {
			if !sameParts(theirs, obus) {
				t.Fatalf("%x, but mediacommon says %x", obus, theirs)
			}
		}
		if _, _, err := AV1Update(nil, obus); err != nil || ours != nil {
			return
		}
		frame, err := AV1Frame(nil, obus)
		if frame == nil || err != nil {
			return
		}
		checkAV1(t, frame)
	})
}

func BenchmarkAV1Frame(b *testing.B) {
	units := av1File(b, "av1-aom")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := AV1Frame(nil, units[i%len(units)]); err != nil {
			b.Fatal(err)
		}
	}
}
