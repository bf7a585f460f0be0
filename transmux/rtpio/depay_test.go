package rtpio

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	pion "github.com/pion/rtp/codecs"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

// What others cut comes out as it went in.
func TestOtherPacketizers(t *testing.T) {
	type payloader interface {
		Payload(mtu uint16, payload []byte) [][]byte
	}
	for name, tc := range map[string]struct {
		clip string
		cut  payloader
	}{
		"VP8":                         {"vp8", &pion.VP8Payloader{}},
		"VP8 with picture numbers":    {"vp8", &pion.VP8Payloader{EnablePictureID: true}},
		"VP9, flexible":               {"vp9", &pion.VP9Payloader{FlexibleMode: true}},
		"VP9, not flexible":           {"vp9", &pion.VP9Payloader{}},
		"VP9 with hidden frames":      {"vp9-altref", &pion.VP9Payloader{}},
		"AV1 of libaom":               {"av1-aom", &pion.AV1Payloader{}},
		"AV1 of SVT":                  {"av1-svt", &pion.AV1Payloader{}},
		"H.264, aggregates and parts": {"h264", &pion.H264Payloader{}},
	} {
		t.Run(name, func(t *testing.T) {
			c := readClip(t, tc.clip)
			in := newInbound(t, c.track.Codec, Options{})
			s := begin()
			for i, f := range c.frames {
				units := pushAll(in, s.frame(tc.cut.Payload(1200, c.raw[i])...)...)
				if len(units) != 1 || !sameFrame(f, units[0].Frame) {
					t.Fatalf("frame %d changed on the way", i)
				}
			}
		})
	}
}

// Layers stay together and keep their descriptors, in both modes.
func TestVP9Layered(t *testing.T) {
	c := readClip(t, "vp9")
	upper := bytes.Repeat([]byte{0x86}, 3000)
	sizes := []byte{1<<5 | 0x18, 2, 128, 1, 104, 5, 0, 2, 208, 1, 0x14, 1}
	for name, descriptors := range map[string][4][]byte{
		"not flexible": {{0xA0, 0x81, 2, 0x10, 9}, {0xA1, 0x81, 2, 0x03, 9}, {0xE1, 0x81, 3, 0x10, 10}, {0xE1, 0x81, 3, 0x02, 10}},
		"flexible":     {{0xB0, 0x7F, 0}, {0xB1, 0x7F, 0x03}, {0xF0, 0, 0, 0x03, 0x04}, {0xF1, 0, 0x03, 0x02}},
		"no number":    {{0x30, 0}, {0x31, 0x03}, {0x70, 0, 0x02}, {0x71, 0x03, 0x02}},
	} {
		t.Run(name, func(t *testing.T) {
			in := newInbound(t, av.VP9, Options{})
			s := begin()
			for i := range 2 {
				layers := []codecs.VP9Layer{
					{Data: c.raw[i], Descriptor: descriptors[2*i]},
					{Data: upper, ID: 1, Descriptor: descriptors[2*i+1]},
				}
				if i == 0 {
					layers[0].Structure = sizes
				}
				f, err := codecs.VP9Frame(0, layers...)
				if err != nil {
					t.Fatal(err)
				}
				units := pushAll(in, s.of(f)...)
				if len(units) != 1 || !sameFrame(f, units[0].Frame) || !sameParts(f.Parts, units[0].Frame.Parts) {
					t.Fatalf("picture %d changed on the way", i)
				}
				want := codecs.VP9Track(1280, 720, 0)
				if diff := cmp.Diff(&want, in.Track()); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// assemble puts one frame's payloads together, as the first of a stream.
func assemble(c av.Codec, payloads ...[]byte) (*Unit, bool) {
	in, err := NewInbound(av.Track{Codec: c}, Options{})
	if err != nil {
		panic(err)
	}
	s := begin()
	units := pushAll(in, s.frame(payloads...)...)
	if len(units) == 0 {
		return nil, in.NeedsKeyframe()
	}
	return &units[0], in.NeedsKeyframe()
}

// join makes one payload of pieces.
func join(pieces ...[]byte) []byte { return bytes.Join(pieces, nil) }

func TestH264Payloads(t *testing.T) {
	c := readClip(t, "h264")
	sps, pps := c.track.Config[0], c.track.Config[1]
	idr := []byte{0x65, 0x88, 0x84, 1, 2, 3}
	size := func(n []byte) []byte { return []byte{0, byte(len(n))} }
	sets := join([]byte{0x78}, size(sps), sps, size(pps), pps)
	for name, tc := range map[string]struct {
		payloads [][]byte
		parts    [][]byte // nil: no frame
	}{
		"units of their own":       {[][]byte{sps, pps, idr}, [][]byte{sps, pps, idr}},
		"an aggregate":             {[][]byte{sets, idr}, [][]byte{sps, pps, idr}},
		"all in one":               {[][]byte{join(sets, size(idr), idr)}, [][]byte{sps, pps, idr}},
		"with empty ones":          {[][]byte{join(sets, []byte{0, 0}), idr}, [][]byte{sps, pps, idr}},
		"fragments":                {[][]byte{sets, {0x7C, 0x85, 0x88}, {0x7C, 0x05, 0x84, 1}, {0x7C, 0x45, 2, 3}}, [][]byte{sps, pps, idr}},
		"one fragment":             {[][]byte{sets, {0x7C, 0xC5, 0x88, 0x84, 1, 2, 3}}, [][]byte{sps, pps, idr}},
		"an empty fragment":        {[][]byte{sets, {0x7C, 0x85, 0x88, 0x84, 1, 2, 3}, {0x7C, 0x45}}, [][]byte{sps, pps, idr}},
		"reserved":                 {[][]byte{sets, {0x1F, 1}, {0, 1}, idr}, [][]byte{sps, pps, idr}},
		"no parameter sets":        {[][]byte{idr}, nil},
		"a slice of the middle":    {[][]byte{{0x65, 0x40, 1}, sets}, nil},
		"no slice":                 {[][]byte{sets}, nil},
		"length beyond the end":    {[][]byte{join(sets, []byte{0, 9, 1}), idr}, nil},
		"half a length":            {[][]byte{join(sets, []byte{0}), idr}, nil},
		"fragment without start":   {[][]byte{sets, {0x7C, 0x05, 1}, idr}, nil},
		"fragment without end":     {[][]byte{sets, {0x7C, 0x85, 1}}, nil},
		"interrupted fragment":     {[][]byte{sets, {0x7C, 0x85, 1}, idr, {0x7C, 0x45, 1}}, nil},
		"begun twice":              {[][]byte{sets, {0x7C, 0x85, 1}, {0x7C, 0x85, 1}, {0x7C, 0x45, 1}}, nil},
		"of another type":          {[][]byte{sets, {0x7C, 0x85, 1}, {0x7C, 0x41, 1}}, nil},
		"fragment of an aggregate": {[][]byte{sets, {0x7C, 0xD8, 1}, idr}, nil},
		"half a fragment":          {[][]byte{sets, {0x7C}, idr}, nil},
		"of the interleaved mode":  {[][]byte{sets, {0x79, 0, 1, 2}, idr}, nil},
		"damaged parameter sets":   {[][]byte{{0x67, 1}, pps, idr}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			u, lost := assemble(av.H264, tc.payloads...)
			if (u != nil) != (tc.parts != nil) {
				t.Fatalf("%+v", u)
			}
			if u != nil && (!sameParts(u.Frame.Parts, tc.parts) || u.Frame.Type != av.Key || u.Track == nil) {
				t.Errorf("%x, %+v", u.Frame.Parts, u.Track)
			}
			if lost != (tc.parts == nil && name != "no slice") {
				t.Errorf("needs a keyframe: %t", lost)
			}
		})
	}
}

// Parameter sets may come ahead of their picture, with a marker of their own,
// or in the session description.
func TestH264ParameterSetsElsewhere(t *testing.T) {
	c := readClip(t, "h264")
	idr := []byte{0x65, 0x88, 0x84, 1, 2, 3}
	in := newInbound(t, av.H264, Options{})
	s := begin()
	units := pushAll(in, s.frame(c.track.Config[0], c.track.Config[1])...)
	if units != nil || in.NeedsKeyframe() {
		t.Errorf("%d frames, needs a keyframe: %t", len(units), in.NeedsKeyframe())
	}
	units = pushAll(in, s.frame(idr)...)
	if len(units) != 1 || units[0].Track == nil || len(units[0].Frame.Parts) != 3 {
		t.Fatalf("%+v", units)
	}

	in, err := NewInbound(c.track, Options{})
	if err != nil {
		t.Fatal(err)
	}
	units = pushAll(in, begin().frame(idr)...)
	if len(units) != 1 || units[0].Track == nil || units[0].Track.Width != c.track.Width {
		t.Fatalf("%+v", units)
	}
}

func TestVP8AndVP9Payloads(t *testing.T) {
	key8 := vp8Payloads(true, 1)
	vp9 := readClip(t, "vp9").raw[0][:40]
	flexible := func(flags byte, data ...byte) []byte { return append([]byte{0x90 | flags, 0x81, 2}, data...) }
	for name, tc := range map[string]struct {
		codec    av.Codec
		payloads [][]byte
		whole    bool
	}{
		"every field":           {av.VP8, [][]byte{append([]byte{0x90, 0xF0, 0x81, 2, 3, 0x44}, key8[0][1:]...), append([]byte{0x80, 0x80, 7}, key8[1][1:]...)}, true},
		"partitions":            {av.VP8, [][]byte{key8[0], append([]byte{0x11}, key8[1][1:]...)}, true},
		"descriptor alone":      {av.VP8, [][]byte{key8[0], {0x00}, key8[1]}, true},
		"begins twice":          {av.VP8, [][]byte{key8[0], key8[0]}, false},
		"does not begin":        {av.VP8, [][]byte{key8[1]}, false},
		"cut descriptor":        {av.VP8, [][]byte{{0x90, 0x80}}, false},
		"no frame":              {av.VP8, [][]byte{{0x10, 0}}, false},
		"flexible":              {av.VP9, [][]byte{flexible(8, vp9[:20]...), flexible(4, vp9[20:]...)}, true},
		"no end but the marker": {av.VP9, [][]byte{flexible(8, vp9[:20]...), flexible(0, vp9[20:]...)}, true},
		"no beginning":          {av.VP9, [][]byte{flexible(4, vp9...)}, false},
		"begins in the middle":  {av.VP9, [][]byte{flexible(8, vp9[:20]...), flexible(12, vp9[20:]...)}, false},
		"goes on after its end": {av.VP9, [][]byte{flexible(12, vp9...), flexible(4, vp9...)}, false},
		"nothing in it":         {av.VP9, [][]byte{flexible(12)}, false},
		"cut short":             {av.VP9, [][]byte{{0x90}}, false},
		"two of one layer":      {av.VP9, [][]byte{flexible(12, vp9...), flexible(12, vp9...)}, false},
		"six layers":            {av.VP9, [][]byte{flexible(0x2C, append([]byte{5 << 1}, vp9...)...)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			u, lost := assemble(tc.codec, tc.payloads...)
			if (u != nil) != tc.whole || lost == tc.whole {
				t.Errorf("%+v, needs a keyframe: %t", u, lost)
			}
		})
	}
}

func TestAV1Payloads(t *testing.T) {
	sh := []byte{0x08, 0, 0, 0, 66, 167, 191, 228, 96, 13, 0, 64}
	frame := []byte{0x30, 0x10, 1, 2, 3}
	n := func(b []byte) []byte { return append([]byte{byte(len(b))}, b...) }
	sized := append([]byte{0x32, 4}, frame[1:]...)
	want := [][]byte{sh, frame}
	for name, tc := range map[string]struct {
		payloads [][]byte
		parts    [][]byte
	}{
		"two elements":            {[][]byte{join([]byte{0x28}, n(sh), frame)}, want},
		"of unknown number":       {[][]byte{join([]byte{0x08}, n(sh), n(frame))}, want},
		"in two packets":          {[][]byte{join([]byte{0x18}, sh), join([]byte{0x10}, frame)}, want},
		"in fragments":            {[][]byte{join([]byte{0x68}, n(sh), frame[:2]), join([]byte{0xD0}, frame[2:4]), join([]byte{0x90}, frame[4:])}, want},
		"with a delimiter":        {[][]byte{join([]byte{0x30}, []byte{1, 0x10}, n(sh), frame)}, want},
		"with sizes":              {[][]byte{join([]byte{0x28}, n(sh), sized)}, want},
		"with an empty element":   {[][]byte{join([]byte{0x30}, n(sh), []byte{0}, frame)}, want},
		"with padding":            {[][]byte{join([]byte{0x30}, n(sh), n([]byte{0x78, 1, 2}), frame)}, want},
		"an end of its own":       {[][]byte{join([]byte{0x68}, n(sh), frame), {0x90}}, nil},
		"without a beginning":     {[][]byte{join([]byte{0x90}, frame)}, nil},
		"no fragment but Z":       {[][]byte{join([]byte{0x18}, sh), join([]byte{0x90}, frame)}, nil},
		"a fragment but no Z":     {[][]byte{join([]byte{0x58}, sh), join([]byte{0x10}, frame)}, nil},
		"without an end":          {[][]byte{join([]byte{0x68}, n(sh), frame)}, nil},
		"length beyond the end":   {[][]byte{join([]byte{0x28}, []byte{99}, sh, frame)}, nil},
		"length without end":      {[][]byte{join([]byte{0x28}, bytes.Repeat([]byte{0xFF}, 30))}, nil},
		"fewer elements than W":   {[][]byte{join([]byte{0x38}, n(sh), n(frame))}, nil},
		"header alone":            {[][]byte{{0x18}}, nil},
		"no sequence header":      {[][]byte{join([]byte{0x18}, frame)}, nil},
		"forbidden bit":           {[][]byte{join([]byte{0x28}, n(sh), []byte{0xB0, 0x10})}, nil},
		"a lie in its own size":   {[][]byte{join([]byte{0x28}, n(sh), []byte{0x32, 9, 0x10})}, nil},
		"damaged sequence header": {[][]byte{join([]byte{0x28}, n(sh[:4]), frame)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			u, lost := assemble(av.AV1, tc.payloads...)
			if (u != nil) != (tc.parts != nil) || lost == (u != nil) {
				t.Fatalf("%+v, needs a keyframe: %t", u, lost)
			}
			if u != nil && (!sameParts(u.Frame.Parts, tc.parts) || u.Frame.Type != av.Key || u.Track == nil || u.Track.Width != 1920) {
				t.Errorf("%x, %+v", u.Frame.Parts, u.Track)
			}
		})
	}
}

func TestAudioPayloads(t *testing.T) {
	for name, tc := range map[string]struct {
		codec   av.Codec
		payload []byte
		want    bool
	}{
		"Opus": {av.Opus, []byte{0xFC, 1, 2}, true}, "Opus, silent": {av.Opus, []byte{0xF8}, true},
		"no Opus": {av.Opus, []byte{0xFF}, false}, "G.711": {av.PCMU, make([]byte, 160), true},
		"too much": {av.PCMA, make([]byte, 1400), false},
	} {
		u, lost := assemble(tc.codec, tc.payload)
		if (u != nil) != tc.want || lost {
			t.Errorf("%s: %+v, needs a keyframe: %t", name, u, lost)
		}
		if u == nil {
			continue
		}
		want := &av.Frame{Parts: [][]byte{tc.payload}, Payloads: []av.Payload{{Body: tc.payload}}}
		if diff := cmp.Diff(want, u.Frame, cmpopts.IgnoreFields(av.Frame{}, "Arrived")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A track's newest resolution comes with the frame that has it.
func TestH264ChangesResolution(t *testing.T) {
	c := readClip(t, "h264")
	other := []byte("\x67\x42\xc0\x0a\xda\x10\x9b\x01\x10\x00\x00\x03\x00\x10\x00\x00\x03\x03\xc0\xf1\x22\x6a")
	pps := []byte("\x68\xce\x0f\x2c\x80")
	in := newInbound(t, av.H264, Options{})
	s := begin()
	units := pushAll(in, s.of(c.frames[0])...)
	units = append([]Unit(nil), units...)
	units = append(units, pushAll(in, s.frame(other, pps, []byte{0x65, 0x88, 0x84, 1})...)...)
	if len(units) != 2 || units[0].Track.Width != c.track.Width || units[1].Track == nil || units[1].Track.Width != 64 {
		t.Fatalf("%+v", units)
	}
}

// A picture whose first slice is lost is no picture, even if the one before
// ended well and the rest of it came.
func TestH264FirstSliceLost(t *testing.T) {
	c := readClip(t, "h264")
	idr, second := []byte{0x65, 0x88, 0x84, 1}, []byte{0x65, 0x05, 0x84, 1}
	in := newInbound(t, av.H264, Options{})
	s := begin()
	if units := pushAll(in, s.frame(c.track.Config[0], c.track.Config[1], idr, second)...); len(units) != 1 {
		t.Fatalf("%d frames", len(units))
	}
	packets := s.frame(idr, second)[1:]
	packets = append(packets, s.frame(idr, second)...)
	pushAll(in, packets...)
	units := in.Frames(s.at.Add(maxWaitOrder))
	if len(units) != 1 || units[0].Timestamp != packets[1].Timestamp {
		t.Fatalf("%d frames", len(units))
	}
	if st := in.Stats(); st.Skipped != 1 || st.Lost != 1 {
		t.Errorf("%+v", st)
	}
}
