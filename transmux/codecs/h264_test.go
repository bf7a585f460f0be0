package codecs

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestH264TrackOfRealFiles(t *testing.T) {
	for _, tc := range []struct {
		name, profile, levelID string
		width, height          int
	}{
		{"obs-default", "High 3.1", "64001f", 1280, 720},
		{"small-bframes-44k", "High 1.3", "64000d", 320, 180},
		{"zerolatency", "Main 3.1", "4d401f", 1280, 720},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := readMedia(t, tc.name)
			got := m.track(t)
			want := &av.Track{
				Kind: av.Video, Codec: av.H264, Config: [][]byte{m.sps, m.pps},
				Width: tc.width, Height: tc.height, Profile: tc.profile,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if id := H264ProfileLevelID(got); id != tc.levelID {
				t.Errorf("profile-level-id %s, want %s", id, tc.levelID)
			}
			if &got.Config[0][0] == &m.sps[0] {
				t.Error("the track holds on to the message it came in")
			}
		})
	}
}

func TestH264ProfileLevelIDWithoutSPS(t *testing.T) {
	for _, track := range []av.Track{{}, {Config: [][]byte{{0x67}}}} {
		if id := H264ProfileLevelID(&track); id != "" {
			t.Errorf("profile-level-id %q", id)
		}
	}
}

func TestH264TrackKeepsMatchingPPS(t *testing.T) {
	m := readMedia(t, "zerolatency")
	// pps_id 1 and 2 for SPS 0, then pps_id 0 for SPS 1.
	one, two, other := []byte{0x68, 0x5B, 0x80}, []byte{0x68, 0x7B, 0x80}, []byte{0x68, 0xA8, 0x80}
	track, err := H264Track(m.sps, m.pps, other, one, two)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]byte{m.sps, m.pps, one, two}, track.Config); diff != "" {
		t.Error(diff)
	}
	if _, err := H264Track(m.sps, other); err == nil {
		t.Error("a PPS of another SPS made a track")
	}
}

func TestH264TrackRefuses(t *testing.T) {
	m := readMedia(t, "small-bframes-44k")
	many := make([][]byte, maxPPS+1)
	for i := range many {
		many[i] = m.pps
	}
	for name, sets := range map[string][][]byte{
		"nothing":           {nil, m.pps},
		"one byte":          {{0x67}, m.pps},
		"no SPS":            {m.pps, m.pps},
		"cut SPS":           {m.sps[:6], m.pps},
		"huge SPS":          {append(bytes.Clone(m.sps), make([]byte, maxParameterSet)...), m.pps},
		"no PPS":            {m.sps},
		"empty PPS":         {m.sps, nil},
		"PPS without a bit": {m.sps, {0x68}},
		"SPS as PPS":        {m.sps, m.sps},
		"huge PPS":          {m.sps, append(bytes.Clone(m.pps), make([]byte, maxParameterSet)...)},
		"too many":          append([][]byte{m.sps}, many...),
		// 0x67, Baseline 3.0, then dimensions of 2^31 macroblocks.
		"absurd dimensions": {unhex(t, "6742001ef80000000100000000ffffffffffffff"), m.pps},
	} {
		if track, err := H264Track(sets[0], sets[1:]...); err == nil {
			t.Errorf("%s: made a track of %dx%d", name, track.Width, track.Height)
		}
	}
}

func TestH264Dimensions(t *testing.T) {
	crop := &h264.SPS_FrameCropping{RightOffset: 1, BottomOffset: 4}
	for name, tc := range map[string]struct {
		sps           h264.SPS
		width, height int
	}{
		"1080 progressive": {h264.SPS{ChromaFormatIdc: 1, PicWidthInMbsMinus1: 119, PicHeightInMapUnitsMinus1: 67, FrameMbsOnlyFlag: true, FrameCropping: &h264.SPS_FrameCropping{BottomOffset: 4}}, 1920, 1080},
		"1080 interlaced":  {h264.SPS{ChromaFormatIdc: 1, PicWidthInMbsMinus1: 119, PicHeightInMapUnitsMinus1: 33, FrameCropping: &h264.SPS_FrameCropping{BottomOffset: 2}}, 1920, 1080},
		"4:2:2":            {h264.SPS{ChromaFormatIdc: 2, PicWidthInMbsMinus1: 1, PicHeightInMapUnitsMinus1: 1, FrameMbsOnlyFlag: true, FrameCropping: crop}, 30, 28},
		"4:4:4":            {h264.SPS{ChromaFormatIdc: 3, PicWidthInMbsMinus1: 1, PicHeightInMapUnitsMinus1: 1, FrameMbsOnlyFlag: true, FrameCropping: crop}, 31, 28},
		"monochrome":       {h264.SPS{PicWidthInMbsMinus1: 1, PicHeightInMapUnitsMinus1: 1, FrameMbsOnlyFlag: true, FrameCropping: crop}, 31, 28},
		"cropped away":     {h264.SPS{ChromaFormatIdc: 1, FrameMbsOnlyFlag: true, FrameCropping: &h264.SPS_FrameCropping{LeftOffset: 1 << 31, RightOffset: 1 << 31}}, 0, 0},
		"beyond all":       {h264.SPS{PicWidthInMbsMinus1: 1 << 28, FrameMbsOnlyFlag: true}, 0, 0},
	} {
		w, h, err := h264Dimensions(&tc.sps)
		if w != tc.width || h != tc.height || (err != nil) != (tc.width == 0) {
			t.Errorf("%s: %dx%d, %v; want %dx%d", name, w, h, err, tc.width, tc.height)
		}
	}
}

func TestH264Profile(t *testing.T) {
	for sps, want := range map[string]string{
		"6742c01e": "Constrained Baseline 3.0", "6742001e": "Baseline 3.0", "6742100b": "Baseline 1b",
		"674d4028": "Main 4.0", "6758001e": "Extended 3.0",
		"64640028": "High 4.0", "64640c28": "Constrained High 4.0", "64640829": "Progressive High 4.1",
		"646e0033": "High 10 5.1", "646e1033": "High 10 Intra 5.1",
		"647a0009": "High 4:2:2 1b", "647a100a": "High 4:2:2 Intra 1.0",
		"64f4000a": "High 4:4:4 Predictive 1.0", "64f4100a": "High 4:4:4 Intra 1.0", "642c000a": "CAVLC 4:4:4 Intra 1.0",
		"6453000a": "Scalable 1.0", "6480000a": "Multiview 1.0", "6401000a": "Profile 1 1.0",
	} {
		if got := h264Profile(unhex(t, sps)); got != want {
			t.Errorf("%s: %q, want %q", sps, got, want)
		}
	}
}

// The types of every frame agree with ffprobe's.
func TestH264FrameTypesOfRealFiles(t *testing.T) {
	for _, name := range mediaFiles {
		t.Run(name, func(t *testing.T) {
			m := readMedia(t, name)
			track := m.track(t)
			var got []byte
			for i, nalus := range m.video {
				f, err := H264Frame(track, nalus)
				if err != nil {
					t.Fatalf("frame %d: %v", i, err)
				}
				got = append(got, map[av.Type]byte{av.Key: 'I', av.Delta: 'P', av.Bidirectional: 'B'}[f.Type])
			}
			if string(got) != m.types {
				t.Errorf("types\n%s, ffprobe says\n%s", got, m.types)
			}
		})
	}
}

func TestH264FrameType(t *testing.T) {
	var (
		idr   = []byte{0x65, 0x88, 0x80}
		p     = []byte{0x41, 0x9A, 0x80}                            // first_mb 0, type 5
		b     = []byte{0x01, 0x9F, 0x80}                            // first_mb 0, type 6
		bOld  = []byte{0x01, 0xA8, 0x80}                            // type 1
		i     = []byte{0x41, 0x88, 0x80}                            // type 7
		later = []byte{0x01, 0, 0, 3, 0x01, 0xFF, 0xFF, 0xFE, 0x80} // first_mb 2^24-2, type 1
	)
	for name, tc := range map[string]struct {
		nalus [][]byte
		want  av.Type
	}{
		"IDR":                       {[][]byte{{0x09, 0xF0}, idr}, av.Key},
		"I without IDR":             {[][]byte{i}, av.Delta},
		"P":                         {[][]byte{p, p}, av.Delta},
		"B in the second slice":     {[][]byte{p, bOld}, av.Bidirectional},
		"B, all slices":             {[][]byte{b}, av.Bidirectional},
		"B in a data partition":     {[][]byte{append([]byte{0x02}, b[1:]...)}, av.Bidirectional},
		"an emulation byte between": {[][]byte{later}, av.Bidirectional},
		"an empty unit":             {[][]byte{{}, p, nil}, av.Delta},
	} {
		f, err := H264Frame(nil, tc.nalus)
		if err != nil || f == nil || f.Type != tc.want {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	for name, nalus := range map[string][][]byte{
		"no units":         nil,
		"delimiter":        {{0x09, 0xF0}},
		"SEI and filler":   {{0x06, 1, 0, 0x80}, {0x0C, 0xFF}},
		"parameter sets":   {{0x67, 1}, {0x68, 1}},
		"an unknown type":  {{0x1E, 1}},
		"a lone partition": {{0x03, 0x80}},
	} {
		if f, err := H264Frame(nil, nalus); f != nil || err != nil {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	for name, nalu := range map[string][]byte{
		"no header":            {0x41},
		"half a header":        {0x41, 0x80},
		"only zeros":           {0x41, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"a type beyond 9":      {0x41, 0x85, 0x80},
		"emulation bytes only": {0x41, 0, 0, 3, 0, 0, 3, 0, 0, 3, 0, 0, 3, 0, 0, 3, 0, 0},
	} {
		if f, err := H264Frame(nil, [][]byte{nalu}); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestH264KeyframeGetsParameterSets(t *testing.T) {
	sps, pps, second := unit(0x67, 10), []byte{0x68, 0xC8}, []byte{0x68, 0x5B}
	track := &av.Track{Config: [][]byte{sps, pps, second}}
	aud, sei := []byte{0x09, 0x10}, []byte{0x06, 1, 0, 0x80}
	idr, p := []byte{0x65, 0x88}, []byte{0x41, 0x9A}
	newer := []byte{0x68, 0xC9} // the id of pps, another content
	other := unit(0x67, 11)
	for name, tc := range map[string]struct{ in, want [][]byte }{
		"none there":         {[][]byte{idr, idr}, [][]byte{sps, pps, second, idr, idr}},
		"behind a delimiter": {[][]byte{aud, sei, idr}, [][]byte{aud, sps, pps, second, sei, idr}},
		"all there":          {[][]byte{aud, sps, pps, second, idr}, [][]byte{aud, sps, pps, second, idr}},
		"one PPS missing":    {[][]byte{aud, sps, pps, idr}, [][]byte{aud, sps, second, pps, idr}},
		"a newer PPS":        {[][]byte{sps, newer, idr}, [][]byte{sps, second, newer, idr}},
		"no SPS":             {[][]byte{pps, second, idr}, [][]byte{sps, pps, second, idr}},
		"another SPS":        {[][]byte{other, idr}, [][]byte{other, idr}},
		"no keyframe":        {[][]byte{p}, [][]byte{p}},
		"empty units":        {[][]byte{{}, p, {}}, [][]byte{p}},
	} {
		in := slices.Clone(tc.in)
		f, err := H264Frame(track, in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tc.want, f.Parts); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(tc.in, in); diff != "" {
			t.Errorf("%s: the caller's units changed: %s", name, diff)
		}
	}
}

func TestH264Update(t *testing.T) {
	m, n := readMedia(t, "obs-default"), readMedia(t, "zerolatency")
	first, idr := m.track(t), []byte{0x65, 0x88}
	first.ID = 7
	added, replaced := []byte{0x68, 0x5B, 0x80}, append(bytes.Clone(m.pps), 0x80)
	for name, tc := range map[string]struct {
		track *av.Track
		nalus [][]byte
		want  [][]byte // nil for no change
	}{
		"nothing in band":   {first, [][]byte{idr}, nil},
		"the same in band":  {first, [][]byte{{}, m.sps, m.pps, idr}, nil},
		"the same PPS":      {first, [][]byte{m.pps, idr}, nil},
		"PPS for no SPS":    {first, [][]byte{{0x68, 0x4A, 0x80}, idr}, nil},
		"a PPS more":        {first, [][]byte{added, idr}, [][]byte{m.sps, m.pps, added}},
		"a PPS replaced":    {first, [][]byte{m.sps, replaced, idr}, [][]byte{m.sps, replaced}},
		"two PPSs":          {first, [][]byte{added, replaced, added, idr}, [][]byte{m.sps, replaced, added}},
		"another SPS":       {first, [][]byte{n.sps, n.pps, idr}, [][]byte{n.sps, n.pps}},
		"another SPS alone": {first, [][]byte{n.sps, idr}, [][]byte{n.sps, m.pps}},
		"no track yet":      {nil, [][]byte{n.sps, n.pps, idr}, [][]byte{n.sps, n.pps}},
		"not enough":        {nil, [][]byte{n.sps, idr}, nil},
	} {
		got, changed, err := H264Update(tc.track, tc.nalus)
		if err != nil || changed != (tc.want != nil) {
			t.Errorf("%s: changed %v, %v", name, changed, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got.Config); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if changed && tc.track != nil && got.ID != 7 {
			t.Errorf("%s: the track lost its ID", name)
		}
	}
	for name, nalus := range map[string][][]byte{
		"SPS cut short": {{0x67, 0x64, 0}},
		"PPS cut short": {{0x68}},
	} {
		if _, changed, err := H264Update(first, nalus); err == nil || changed {
			t.Errorf("%s: changed %v, %v", name, changed, err)
		}
	}
}

// A publisher that invents PPS after PPS meets a bound.
func TestH264UpdateIsBounded(t *testing.T) {
	m := readMedia(t, "obs-default")
	track := *m.track(t)
	for id := 1; ; id++ {
		if id > 2*maxPPS {
			t.Fatal("no end of PPSs")
		}
		// ue(id) in 17 bits at most, ue(0), stop bit.
		code, length := uint32(id+1), 0
		for c := code; c > 1; c >>= 1 {
			length++
		}
		value := uint32(code)<<2 | 3
		value <<= 32 - (2*length + 1 + 2)
		pps := []byte{0x68, byte(value >> 24), byte(value >> 16), byte(value >> 8)}
		next, changed, err := H264Update(&track, [][]byte{pps})
		if err != nil {
			if len(track.Config) != 1+maxPPS {
				t.Errorf("failed at %d units: %v", len(track.Config), err)
			}
			return
		}
		if !changed {
			t.Fatalf("PPS %d changed nothing", id)
		}
		track = next
	}
}

func TestHasUserData(t *testing.T) {
	for name, tc := range map[string]struct {
		nalu []byte
		want bool
	}{
		"captions":               {[]byte{6, 4, 2, 0xB5, 0, 0x80}, true},
		"x264's settings":        {readMedia(t, "zerolatency").video[0][0], true},
		"picture timing":         {[]byte{6, 1, 2, 4, 4, 0x80}, false},
		"timing, then captions":  {[]byte{6, 1, 2, 4, 4, 4, 1, 9, 0x80}, true},
		"behind a long message":  {append(append([]byte{6, 1, 0xFF, 3}, bytes.Repeat([]byte{5}, 258)...), 5, 0, 0x80), true},
		"behind emulation bytes": {[]byte{6, 0, 4, 0, 0, 3, 0, 0, 3, 5, 0, 0x80}, true},
		"a type of 255 and more": {[]byte{6, 0xFF, 4, 0, 0x80}, false},
		"a size that lies":       {[]byte{6, 1, 200, 5, 0, 0x80}, false},
		"cut in a type":          {[]byte{6, 0xFF, 0xFF}, false},
		"cut in a size":          {[]byte{6, 1, 0xFF, 0xFF}, false},
		"nothing":                {[]byte{6}, false},
	} {
		if got := hasUserData(tc.nalu); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// splitFuzz reads units with lengths of two bytes, as a fuzzer can write them.
func splitFuzz(data []byte) (nalus [][]byte) {
	for len(data) >= 2 {
		n := min(int(data[0])<<8|int(data[1]), len(data)-2)
		nalus = append(nalus, data[2:2+n:2+n])
		data = data[2+n:]
	}
	return nalus
}

// joinFuzz is the reverse of splitFuzz, for units that fit.
func joinFuzz(nalus [][]byte) (data []byte) {
	for _, n := range nalus {
		n = n[:min(len(n), 3000)]
		data = append(append(data, byte(len(n)>>8), byte(len(n))), n...)
	}
	return data
}

func FuzzH264Frame(f *testing.F) {
	for _, name := range mediaFiles {
		m := readMedia(f, name)
		for _, nalus := range m.video[:5] {
			f.Add(joinFuzz(nalus))
		}
		f.Add(joinFuzz(append([][]byte{m.sps, m.pps}, m.video[0]...)))
	}
	track := readMedia(f, "obs-default").track(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		nalus := splitFuzz(data)
		now := track
		updated, changed, invalid := H264Update(track, nalus)
		if changed {
			if slices.EqualFunc(updated.Config, track.Config, bytes.Equal) {
				t.Fatal("a change that changes nothing")
			}
			now = &updated
		}
		frame, err := H264Frame(now, nalus)
		if err != nil || frame == nil {
			return
		}
		if err := checkPayloads(frame); err != nil {
			t.Fatal(err)
		}
		if frame.Type == av.Key && invalid == nil {
			if sps, pps := H264InBand(frame.Parts); sps == nil || pps == nil {
				t.Fatal("a keyframe without parameter sets")
			}
		}
	})
}

func FuzzH264Track(f *testing.F) {
	for _, name := range mediaFiles {
		m := readMedia(f, name)
		f.Add(m.sps, m.pps)
	}
	f.Fuzz(func(t *testing.T, sps, pps []byte) {
		track, err := H264Track(sps, pps)
		if err != nil {
			return
		}
		if track.Width < 1 || track.Width > maxH264Dimension || track.Height < 1 || track.Height > maxH264Dimension {
			t.Fatalf("a picture of %dx%d", track.Width, track.Height)
		}
		if len(H264ProfileLevelID(&track)) != 6 || track.Profile == "" {
			t.Fatal("no profile")
		}
	})
}

func BenchmarkH264Frame(b *testing.B) {
	for _, name := range mediaFiles {
		b.Run(name, func(b *testing.B) {
			m := readMedia(b, name)
			track := m.track(b)
			size := 0
			for _, nalus := range m.video {
				for _, n := range nalus {
					size += len(n)
				}
			}
			b.SetBytes(int64(size / len(m.video)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := H264Frame(track, m.video[i%len(m.video)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
