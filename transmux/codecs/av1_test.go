package codecs

import (
	"bytes"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"

	"millrace/transmux/av"
)

// av1File are a file's temporal units in OBUs, taken apart by mediacommon.
func av1File(tb testing.TB, name string) (units [][][]byte) {
	tb.Helper()
	for i, data := range readIVF(tb, name) {
		var bs av1.Bitstream
		if err := bs.Unmarshal(data); err != nil {
			tb.Fatalf("%s: unit %d: %v", name, i, err)
		}
		units = append(units, bs)
	}
	return units
}

func TestAV1Frames(t *testing.T) {
	for name, every := range map[string]int{"av1-aom": 10, "av1-svt": 10} {
		files := readIVF(t, name)
		var track *av.Track
		for i, want := range av1File(t, name) {
			obus, err := AV1Split(bytes.Clone(files[i]))
			if err != nil {
				t.Fatal(err)
			}
			if !sameParts(want, obus) {
				t.Fatalf("%s: unit %d is taken apart differently", name, i)
			}
			updated, changed, err := AV1Update(track, obus)
			if err != nil || changed != (i == 0) {
				t.Fatalf("%s: unit %d: changed %t, %v", name, i, changed, err)
			}
			if changed {
				track = &updated
			}
			f, err := AV1Frame(track, obus)
			if err != nil {
				t.Fatal(err)
			}
			if (f.Type == av.Key) != (i%every == 0) {
				t.Errorf("%s: unit %d is of type %d", name, i, f.Type)
			}
			if !sameParts(want[1:], f.Parts) { // all but the delimiter
				t.Errorf("%s: unit %d: other parts", name, i)
			}
			checkAV1(t, f)
		}
		if track.Width != 640 || track.Height != 360 || track.Profile[:5] != "Main " || track.Codec != av.AV1 {
			t.Errorf("%s: %+v", name, track)
		}
	}
}

func TestAV1FrameGetsItsSequenceHeader(t *testing.T) {
	obus := av1File(t, "av1-aom")[0]
	track, err := AV1Track(obus[1])
	if err != nil {
		t.Fatal(err)
	}
	bare := append([][]byte{obus[0]}, obus[2:]...)
	f, err := AV1Frame(&track, bare)
	if err != nil {
		t.Fatal(err)
	}
	if f.Type != av.Key || !bytes.Equal(f.Parts[0], obus[1]) {
		t.Errorf("type %d, first part %x", f.Type, f.Parts[0])
	}
	checkAV1(t, f)
	if f, err = AV1Frame(nil, bare); err != nil || f.Type != av.Delta {
		t.Errorf("nothing can begin at %+v, %v", f, err)
	}
}

func TestAV1FrameWithoutPicture(t *testing.T) {
	obus := av1File(t, "av1-aom")[0]
	for name, units := range map[string][][]byte{
		"nothing": nil, "empty": {{}, {}}, "a delimiter": {{0x10}}, "a sequence header": {obus[1]}, "padding": {{0x78, 1}},
	} {
		if f, err := AV1Frame(nil, units); f != nil || err != nil {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	for name, units := range map[string][][]byte{
		"a size field": {{0x32, 1, 0}}, "the forbidden bit": {{0xB0, 1}}, "half a header": {{0x34}}, "too many": make([][]byte, maxParts+1),
	} {
		if f, err := AV1Frame(nil, units); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestAV1Plain(t *testing.T) {
	for name, tc := range map[string]struct{ in, want string }{
		"as it is":       {"30a1b2", "30a1b2"},
		"size":           {"3202a1b2", "30a1b2"},
		"extension":      {"3628" + "02a1b2", "3428a1b2"},
		"long size":      {"32828000a1b2", "30a1b2"},
		"what follows":   {"3201a1b2", "30a1"},
		"no payload":     {"3200", "30"},
		"empty":          {"", ""},
		"half a header":  {"34", ""},
		"forbidden":      {"b2", ""},
		"cut short":      {"3203a1b2", ""},
		"size without":   {"32", ""},
		"endless size":   {"328080808080808080", ""},
		"absurd size":    {"32ffffffff7f", ""},
		"negative on 32": {"32ffffffff0f", ""},
	} {
		got, err := AV1Plain(unhex(t, tc.in))
		if (err != nil) != (tc.want == "") || !bytes.Equal(got, unhex(t, tc.want)) {
			t.Errorf("%s: %x, %v; want %s", name, got, err, tc.want)
		}
	}
}

// av1Header writes a sequence header that holds every field in front of the
// picture's size, as asked for.
type av1Header struct {
	bits []byte // one each
}

func (h *av1Header) put(n int, v uint64) {
	for i := n - 1; i >= 0; i-- {
		h.bits = append(h.bits, byte(v>>i&1))
	}
}

func (h *av1Header) obu(head ...byte) []byte {
	for i := 0; i < len(h.bits); i += 8 {
		var b byte
		for j := range min(8, len(h.bits)-i) {
			b |= h.bits[i+j] << (7 - j)
		}
		head = append(head, b)
	}
	return head
}

// size writes a picture's.
func (h *av1Header) size(width, height int) {
	h.put(8, 0xAA) // 11 bits each
	h.put(11, uint64(width-1))
	h.put(11, uint64(height-1))
}

func TestAV1Sequence(t *testing.T) {
	var full, reduced, odd av1Header
	full.put(5, 1<<2) // High
	full.put(1, 1)    // timing
	full.put(32, 1)
	full.put(32, 30)
	full.put(1, 1) // equal_picture_interval
	full.put(5, 0b00101)
	full.put(1, 1) // decoder model
	full.put(5, 9) // delays of ten bits
	full.put(32, 1)
	full.put(10, 0)
	full.put(1, 1) // display delays
	full.put(5, 1) // two operating points
	for _, level := range []uint64{13, 4} {
		full.put(12, 0x101)
		full.put(5, level)
		if level > 7 {
			full.put(1, 1)
		}
		full.put(1, 1)
		full.put(21, 5)
		full.put(1, 1)
		full.put(4, 3)
	}
	full.size(1280, 720)

	reduced.put(3, 0)
	reduced.put(2, 3)
	reduced.put(5, 31)
	reduced.size(64, 48)

	odd.put(5, 5<<2)
	odd.put(7, 0)
	odd.put(12, 0)
	odd.put(5, 1)
	odd.size(16, 16)

	for name, tc := range map[string]struct {
		obu           []byte
		width, height int
		profile       string
	}{
		"Chromium":              {unhex(t, "0800000042a7bfe4600d0040"), 1920, 804, "Main 4.0"},
		"with its size":         {unhex(t, "0a0b00000042a7bfe62edfc842"), 1920, 818, "Main 4.0"},
		"everything":            {full.obu(0x08), 1280, 720, "High 5.1"},
		"everything, and layer": {full.obu(0x0C, 0x20), 1280, 720, "High 5.1"},
		"a still picture":       {reduced.obu(0x08), 64, 48, "Main"},
		"no such profile":       {odd.obu(0x08), 16, 16, "Profile 5 2.1"},
	} {
		track, err := AV1Track(tc.obu)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if track.Width != tc.width || track.Height != tc.height || track.Profile != tc.profile {
			t.Errorf("%s: %dx%d %s", name, track.Width, track.Height, track.Profile)
		}
		if len(track.Config) != 1 || track.Config[0][0]&av1HasSize != 0 {
			t.Errorf("%s: configuration %x", name, track.Config)
		}
	}
	huge := append([]byte{0x08, 0, 0, 0, 0x07, 0xFF}, bytes.Repeat([]byte{0xFF}, 20)...)
	for name, obu := range map[string][]byte{
		"nothing": nil, "another": {0x30, 1, 2, 3}, "cut short": full.obu(0x08)[:20], "beyond every level": huge,
		"ends in a number of no bits": unhex(t, "0d00150042a7bf1f1f082f"),
		"too long":                    append(unhex(t, "0800000042a7bfe4600d0040"), make([]byte, maxAV1Sequence)...),
	} {
		if track, err := AV1Track(obu); err == nil {
			t.Errorf("%s: made a track of %dx%d", name, track.Width, track.Height)
		}
	}
}

func TestAV1Update(t *testing.T) {
	one, two := unhex(t, "0800000042a7bfe4600d0040"), unhex(t, "0800000042a7bfe62edfc842")
	track, err := AV1Track(one)
	if err != nil {
		t.Fatal(err)
	}
	track.ID, track.DerivedFrom = 7, 3
	if _, changed, err := AV1Update(&track, [][]byte{{}, {0x30, 1}, one}); changed || err != nil {
		t.Errorf("the same header changes the track, %v", err)
	}
	updated, changed, err := AV1Update(&track, [][]byte{{0x30, 1}, two})
	if !changed || err != nil || updated.Height != 818 || updated.ID != 7 || updated.DerivedFrom != 3 {
		t.Errorf("%+v, %t, %v", updated, changed, err)
	}
	if _, changed, err = AV1Update(&track, [][]byte{{0x08, 0}}); changed || err == nil {
		t.Error("half a header changes the track")
	}
}

func FuzzAV1Track(f *testing.F) {
	for _, s := range []string{"0800000042a7bfe4600d0040", "0a0b00000042a7bfe62edfc842"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, obu []byte) {
		track, err := AV1Track(obu)
		var other av1.SequenceHeader
		if theirs := other.Unmarshal(obu); theirs == nil && obu[0]>>3 == av1SequenceHeader && len(obu) <= maxAV1Sequence {
			if other.Width() > maxAV1Dimension || other.Height() > maxAV1Dimension {
				if err == nil {
					t.Fatalf("a picture of %dx%d", track.Width, track.Height)
				}
				return
			}
			s := av1Sequence{profile: int(other.SeqProfile), level: int(other.SeqLevelIdx[0])}
			if err != nil || track.Width != other.Width() || track.Height != other.Height() || track.Profile != av1Profile(s) {
				t.Fatalf("%+v, %v, but mediacommon says %+v", track, err, other)
			}
		}
	})
}
