package avtest

import (
	"time"

	"millrace/transmux/av"
)

// H264Params are the parameter sets of one encoder, and what they say.
type H264Params struct {
	SPS, PPS      []byte
	Profile       string
	Width, Height int
}

// H264High720 is what OBS and x264 send by default: High 3.1 with CABAC and B-frames.
func H264High720() H264Params {
	return H264Params{
		SPS:     bytesOf("6764001facd9405005bb0110000003001000000303c0f1831960"),
		PPS:     bytesOf("68ebe3cb22c0"),
		Profile: "High 3.1", Width: 1280, Height: 720,
	}
}

// H264Main1080 is Main 4.0. Its height is no multiple of 16: the SPS crops 8 lines.
func H264Main1080() H264Params {
	return H264Params{
		SPS:     bytesOf("674d4028eca03c0113f2e022000003000200000300781e30632c"),
		PPS:     bytesOf("68ebe3cb20"),
		Profile: "Main 4.0", Width: 1920, Height: 1080,
	}
}

// H264Baseline720 is Constrained Baseline 3.1, what WebRTC asks for by default.
func H264Baseline720() H264Params {
	return H264Params{
		SPS:     bytesOf("6742c01fd9005005bb0110000003001000000303c0f1832480"),
		PPS:     bytesOf("68cb83cb20"),
		Profile: "Constrained Baseline 3.1", Width: 1280, Height: 720,
	}
}

// H264Unit is one access unit of a real, decodable clip of 64 by 64 pixels at 30
// frames a second: its slices, without parameter sets.
type H264Unit struct {
	Slices   [][]byte
	Type     av.Type
	PTS, DTS time.Duration
}

// H264Bidirectional is a clip of six pictures with B-frames: I P B P B P in the
// order of decoding.
func H264Bidirectional() (H264Params, []H264Unit) {
	params := H264Params{
		SPS:     bytesOf("6764000aacec426c0440000003004000000f03c4894e"),
		PPS:     bytesOf("68ef8f2c8b"),
		Profile: "High 1.0", Width: 64, Height: 64,
	}
	units := []H264Unit{
		unit(av.Key, 0, 1, "65888400affed8e7f32c7c7e6abc37cc302aaa5c38e7fff321af53e56006e57188c168b0a0d4bcc4"+
			"01adb20708fc0f798a291b254a7856b7fd7c750394b1a45eb98c2adc30db070d7903dbee4c86e75c8c68ab0c93c426ab"+
			"f752229e38cc9fedeeee40a8b145f1"),
		unit(av.Delta, 1, 3, "419a286215fffce13501fa64b8292307f3"),
		unit(av.Bidirectional, 2, 2, "019e45109f53872b5927536f59"),
		unit(av.Delta, 3, 5, "419a506213fffcd027e0bf525522e3cb2fe023a4"),
		unit(av.Bidirectional, 4, 4, "019e6d109f5f16d09c5dd362916e79"),
		unit(av.Delta, 5, 6, "419a746213fffd5a7ac4f78779fe9141"),
	}
	return params, units
}

// H264Sliced is a clip of four pictures of two slices each, without B-frames.
func H264Sliced() (H264Params, []H264Unit) {
	params := H264Params{
		SPS:     bytesOf("6742c00ada109b0110000003001000000303c0f1226a"),
		PPS:     bytesOf("68ce0f2c80"),
		Profile: "Constrained Baseline 1.0", Width: 64, Height: 64,
	}
	units := []H264Unit{
		unit(av.Key, 0, 0,
			"65888409f118a000226f1c000415a380008a1c9c92c913fff01f05a0c2280014e1002011412100403ac2b0704118e0e1"+
				"0563ff87ec15420098e70801398d8384158e0e08231505353e",
			"6512221025c660080139ce7008b4c7820080551210020196d0704118f8384158ff878ff82bc50002bc2004022c202008"+
				"075058384158f0704118f1105228033249c471f5ad75e0"),
		unit(av.Delta, 1, 1, "419a2027cb043dfdc0", "41126881df043fa08d5ea480"),
		unit(av.Delta, 2, 2, "419a4027cb043e0877", "4112690097c10ff7e480"),
		unit(av.Delta, 3, 3, "419a6027ca7f821dc0", "411269809fc10808b3c4268ab8e63f808abf24"),
	}
	return params, units
}

func unit(typ av.Type, dts, pts int, slices ...string) H264Unit {
	u := H264Unit{
		Type: typ,
		DTS:  time.Duration(dts) * time.Second / 30,
		PTS:  time.Duration(pts) * time.Second / 30,
	}
	for _, s := range slices {
		u.Slices = append(u.Slices, bytesOf(s))
	}
	return u
}
