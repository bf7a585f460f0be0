package codecs

import (
	"bytes"
	"encoding/hex"
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
		"huge SPS":          {append(bytes.Clone(m.sps), make([]byte, maxParameterSets)...), m.pps},
		"no PPS":            {m.sps},
		"empty PPS":         {m.sps, nil},
		"PPS without a bit": {m.sps, {0x68}},
		"SPS as PPS":        {m.sps, m.sps},
		"huge PPS":          {m.sps, append(bytes.Clone(m.pps), make([]byte, maxParameterSets)...)},
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
