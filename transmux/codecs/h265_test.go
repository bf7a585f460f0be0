package codecs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
)

// h265File are a file's access units in NAL units. x265 gives every picture's
// first slice the flag, and the sets stand in front of the keyframe.
func h265File(tb testing.TB, name string) (units [][][]byte) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".h265"))
	if err != nil {
		tb.Fatal(err)
	}
	var pending [][]byte
	seen := false
	for _, n := range bytes.Split(data, []byte{0, 0, 1}) {
		if n = bytes.TrimRight(n, "\x00"); len(n) == 0 {
			continue
		}
		starts := h265Type(n) >= h265VPS || n[2]&0x80 != 0
		if starts && seen {
			units, pending, seen = append(units, pending), nil, false
		}
		seen = seen || h265Type(n) < h265VPS
		pending = append(pending, slices.Clip(n))
	}
	return append(units, pending)
}

// depayH265 puts a frame's payloads together again, as a receiver of RFC 7798
// without decoding order numbers does.
func depayH265(payloads []av.Payload) (nalus [][]byte, err error) {
	var open []byte
	for i, p := range payloads {
		b := whole(p)
		if len(b) < 3 {
			return nil, fmt.Errorf("payload %d has %d bytes", i, len(b))
		}
		t := b[0] >> 1 & 0x3F
		if open != nil && t != 49 {
			return nil, fmt.Errorf("payload %d interrupts a fragmented unit", i)
		}
		switch {
		case t < 48:
			nalus = append(nalus, b)
		case t == 48:
			for rest := b[2:]; len(rest) > 0; {
				if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
					return nil, fmt.Errorf("payload %d: AP is cut short", i)
				}
				n := int(binary.BigEndian.Uint16(rest))
				nalus = append(nalus, rest[2:2+n])
				rest = rest[2+n:]
			}
		case t == 49:
			if len(b) < 4 {
				return nil, fmt.Errorf("payload %d: FU without a byte in it", i)
			}
			start, end := b[2]&0x80 != 0, b[2]&0x40 != 0
			if start == (open != nil) || start && end {
				return nil, fmt.Errorf("payload %d: FU header %#x", i, b[2])
			}
			if start {
				open = []byte{b[0]&0x81 | b[2]&0x3F<<1, b[1]}
			}
			open = append(open, b[3:]...)
			if end {
				nalus, open = append(nalus, open), nil
			}
		default:
			return nil, fmt.Errorf("payload %d is of type %d", i, t)
		}
	}
	if open != nil {
		return nil, errors.New("the last unit has no end")
	}
	return nalus, nil
}

func checkH265Payloads(f *av.Frame) error {
	var want [][]byte
	for _, p := range f.Parts {
		if h265ForRTP(p) {
			want = append(want, p)
		}
	}
	for i, p := range f.Payloads {
		if p.Size() > av.MaxPayload {
			return fmt.Errorf("payload %d has %d bytes", i, p.Size())
		}
	}
	got, err := depayH265(f.Payloads)
	if err == nil && !sameParts(got, want) {
		err = errors.New("units changed on the way")
	}
	return err
}

// Open GOPs with pyramids of B-frames, and ten bits in slices without any. Which
// frames are shown before one that they follow is from their times in MP4.
func TestH265Frames(t *testing.T) {
	for name, tc := range map[string]struct {
		profile string
		types   string // K key, B bidirectional
	}{
		"h265-open": {"Main 2.0", "K.BBB.BBB.BBBKBB.BBB.BBB.BBBKBB.BBB.BBB."},
		"h265-low":  {"Main 10 2.0", "K..............K.............."},
	} {
		var track *av.Track
		var types strings.Builder
		runs := 0
		units := h265File(t, name)
		for i, nalus := range units {
			updated, changed, err := H265Update(track, nalus)
			if err != nil || changed != (i == 0) {
				t.Fatalf("%s: unit %d: changed %t, %v", name, i, changed, err)
			}
			if changed {
				track = &updated
			}
			f, err := H265Frame(track, nalus)
			if err != nil {
				t.Fatalf("%s: unit %d: %v", name, i, err)
			}
			types.WriteByte(".KB"[f.Type])
			if err := checkH265Payloads(f); err != nil {
				t.Fatalf("%s: unit %d: %v", name, i, err)
			}
			runs += countRuns(f.Payloads)
		}
		if track.Width != 320 || track.Height != 180 || track.Profile != tc.profile || len(track.Config) != 3 {
			t.Errorf("%s: %dx%d %s", name, track.Width, track.Height, track.Profile)
		}
		if got := types.String(); got != tc.types {
			t.Errorf("%s: types\n%s, want\n%s", name, got, tc.types)
		}
		if most := len(units) * 3 / 2; runs > most {
			t.Errorf("%s: %d runs in %d frames", name, runs, len(units))
		}
	}
}

// A keyframe gets the sets that it lacks, once, in their order.
func TestH265KeyframeHasItsSets(t *testing.T) {
	nalus := h265File(t, "h265-open")[0]
	vps, sps, pps := H265InBand(nalus)
	track, err := H265Track(vps, sps, pps...)
	if err != nil {
		t.Fatal(err)
	}
	aud, idr := []byte{h265AUD << 1, 1, 0x50}, nalus[len(nalus)-1]
	other := append(bytes.Clone(sps[:len(sps)-1]), 0x99)
	all := [][]byte{vps, sps, pps[0], idr}
	for name, tc := range map[string]struct{ in, want [][]byte }{
		"none":            {[][]byte{idr}, all},
		"all":             {all, all},
		"VPS only":        {[][]byte{vps, idr}, all},
		"SPS and PPS":     {[][]byte{sps, pps[0], idr}, all},
		"behind AUD":      {[][]byte{aud, pps[0], idr}, append([][]byte{aud}, all...)},
		"out of order":    {[][]byte{pps[0], vps, sps, idr}, all},
		"another SPS":     {[][]byte{other, idr}, [][]byte{other, idr}},
		"an empty unit":   {[][]byte{{}, idr}, all},
		"twice the sets ": {[][]byte{vps, sps, pps[0], vps, sps, pps[0], idr}, [][]byte{vps, sps, pps[0], vps, sps, pps[0], idr}},
	} {
		f, err := H265Frame(&track, tc.in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tc.want, f.Parts); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if p, tier, level := H265ProfileTierLevel(&track); p != 1 || tier != 0 || level != 60 {
		t.Errorf("profile %d, tier %d, level %d", p, tier, level)
	}
}

func TestH265FrameOfNothing(t *testing.T) {
	for name, nalus := range map[string][][]byte{
		"nothing": nil, "empty": {{}}, "a delimiter": {{h265AUD << 1, 1, 0x50}},
		"a second view": {{2, 9, 0x80, 1}}, "reserved": {{10 << 1, 1, 0x80}, {41 << 1, 1, 0}},
	} {
		if f, err := H265Frame(nil, nalus); f != nil || err != nil {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	for name, nalus := range map[string][][]byte{"half a header": {{2}}, "no slice header": {{2, 1}}} {
		if f, err := H265Frame(nil, nalus); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// h265Samples are SPSs of encoders of all kinds, most with reference picture sets.
var h265Samples = map[string]string{
	"420101016000000300900000030000030078a003c08010e596666924cae010000003001000000301e080":                                             "1920x1080 Main 4.0",
	"420101016000000300900000030000030078a003c08032165959a4932bc05a80808082000007d20000bb8010":                                         "1920x800 Main 4.0",
	"420101040800000300980800000300005d9000501005a2294b7494985ffe00020002d404040410000003001000000301e080":                             "1280x720 Main 4:4:4 12 3.1",
	"420101222000000300900000030000030078a003c08010e4d96666924caf0101000003006400000bb508":                                             "1920x1080 Main 10 4.0 High tier",
	"4201010140000003000003000003000003007ba003c0801107cb96b4a42592e3016a02020208000003000800000301e3002ef2880007270c0000989682":       "1920x1080 Main 4.1",
	"420101016000000300800000030000030096a001802006c1fe36bbb5377725d602dc0404041000003e800004268721dee510016e200066ff000b71000337f880": "3072x1728 Main 5.0",
	"420101016000000300b0000003000003005da00280802d1636b924cbf0080000030008000003019508":                                               "1280x720 Main 3.1",
}

func TestH265Tracks(t *testing.T) {
	vps, pps := []byte{0x40, 1, 0x0C, 1}, []byte{0x44, 1, 0xC1, 0x72}
	for s, want := range h265Samples {
		track, err := H265Track(vps, unhex(t, s), pps)
		if got := fmt.Sprintf("%dx%d %s", track.Width, track.Height, track.Profile); err != nil || got != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
	sps := unhex(t, "420101016000000300b0000003000003005da00280802d1636b924cbf0080000030008000003019508")
	for name, sets := range map[string][][]byte{
		"no VPS": {nil, sps, pps}, "PPS as VPS": {append(pps, 0), sps, pps}, "no SPS": {vps, nil, pps}, "no PPS": {vps, sps},
		"half an SPS": {vps, sps[:20], pps}, "half a PPS": {vps, sps, pps[:2]}, "VPS as PPS": {vps, sps, vps},
		"PPS for another": {vps, sps, {0x44, 1, 0x91, 0x72}}, "a second view's SPS": {vps, append([]byte{0x42, 9}, sps[2:]...), pps},
		"too long": {vps, append(bytes.Clone(sps), make([]byte, maxParameterSets)...), pps},
	} {
		if track, err := H265Track(sets[0], sets[1], sets[2:]...); err == nil {
			t.Errorf("%s: made a track of %dx%d", name, track.Width, track.Height)
		}
	}
}

func TestH265UpdateByPart(t *testing.T) {
	vps, sps, pps := H265InBand(h265File(t, "h265-open")[0])
	track, err := H265Track(vps, sps, pps...)
	if err != nil {
		t.Fatal(err)
	}
	track.ID, track.Rendition = 4, "1"
	otherVPS, otherSPS, otherPPS := H265InBand(h265File(t, "h265-low")[0])
	second := []byte{0x44, 1, 0b010_1_0_0_00, 0x80}
	for name, tc := range map[string]struct {
		in   [][]byte
		want [][]byte // nil for no change
	}{
		"the same":    {[][]byte{vps, sps, pps[0]}, nil},
		"another":     {[][]byte{otherVPS, otherSPS, otherPPS[0]}, [][]byte{otherVPS, otherSPS, otherPPS[0]}},
		"another SPS": {[][]byte{otherSPS}, [][]byte{vps, otherSPS, pps[0]}},
		"another PPS": {[][]byte{otherPPS[0]}, [][]byte{vps, sps, otherPPS[0]}},
		"a slice":     {[][]byte{{2, 1, 0xD0}}, nil},
		"more":        {[][]byte{second}, [][]byte{vps, sps, pps[0], second}},
	} {
		got, changed, err := H265Update(&track, tc.in)
		if err != nil || changed != (tc.want != nil) {
			t.Errorf("%s: changed %t, %v", name, changed, err)
		}
		if changed && (!sameParts(got.Config, tc.want) || got.ID != 4 || got.Rendition != "1") {
			t.Errorf("%s: %x", name, got.Config)
		}
	}
}

func FuzzH265SPS(f *testing.F) {
	for s := range h265Samples {
		f.Add(unhex(f, s))
	}
	_, sps, _ := H265InBand(h265File(f, "h265-open")[0])
	f.Add(sps)
	f.Fuzz(func(t *testing.T, sps []byte) {
		var ours h265SPSFields
		var theirs h265.SPS
		err := ours.parse(sps)
		if err != nil || sps[1]&7 == 0 /* forbidden */ || theirs.Unmarshal(sps) != nil {
			return
		}
		if w, h, err := ours.dimensions(); err == nil && theirs.ConformanceWindow == nil && (theirs.VUI == nil || theirs.VUI.DefaultDisplayWindow == nil) && (w != theirs.Width() || h != theirs.Height()) {
			t.Fatalf("%dx%d, mediacommon says %dx%d", w, h, theirs.Width(), theirs.Height())
		}
		if ours.setCount != len(theirs.ShortTermRefPicSets) {
			t.Fatalf("%d sets, mediacommon says %d", ours.setCount, len(theirs.ShortTermRefPicSets))
		}
		for i, set := range theirs.ShortTermRefPicSets {
			if slices.ContainsFunc(append(set.DeltaPocS0, set.DeltaPocS1...), func(d int32) bool { return d > 0x7000 || d < -0x7000 }) {
				return // beyond what there can be: read differently
			}
			if !slices.Equal(ours.sets[i].beforeDelta[:ours.sets[i].before], set.DeltaPocS0) || !slices.Equal(ours.sets[i].afterDelta[:ours.sets[i].after], set.DeltaPocS1) {
				t.Fatalf("set %d: %+v, mediacommon says %+v", i, ours.sets[i], set)
			}
		}
	})
}

func FuzzH265Frame(f *testing.F) {
	units := h265File(f, "h265-open")
	for _, nalus := range units[:5] {
		f.Add(joinFuzz(nalus))
	}
	f.Add(joinFuzz(h265File(f, "h265-low")[0]))
	vps, sps, pps := H265InBand(units[0])
	track, err := H265Track(vps, sps, pps...)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		nalus := splitFuzz(data)
		now := &track
		updated, changed, _ := H265Update(now, nalus)
		if changed {
			now = &updated
		}
		frame, err := H265Frame(now, nalus)
		if err != nil || frame == nil {
			return
		}
		if err := checkH265Payloads(frame); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkH265Frame(b *testing.B) {
	units := h265File(b, "h265-open")
	vps, sps, pps := H265InBand(units[0])
	track, err := H265Track(vps, sps, pps...)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := H265Frame(&track, units[i%len(units)]); err != nil {
			b.Fatal(err)
		}
	}
}
