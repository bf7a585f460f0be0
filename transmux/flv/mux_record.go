package flv

import (
	"encoding/binary"
	"strings"

	"millrace/transmux/av"
)

// configRecord is the body of a codec's sequence start in Enhanced RTMP, nil for
// codecs that have none or a track whose configuration is not known.
func configRecord(t *av.Track) []byte {
	switch {
	case t.Codec == av.VP8 || t.Codec == av.VP9:
		return vpConfigRecord(t)
	case t.Codec == av.Opus:
		return opusHead(t)
	case len(t.Config) == 0:
		return nil
	}
	switch t.Codec {
	case av.H264:
		return avcConfigRecord(t)
	case av.H265:
		return hevcConfigRecord(t)
	case av.AV1:
		return av1ConfigRecord(t.Config[0])
	case av.AAC:
		return t.Config[0]
	case av.FLAC:
		// The stream's mark, and STREAMINFO as its last metadata block (RFC 9639).
		head := binary.BigEndian.AppendUint32([]byte("fLaC"), 1<<31|uint32(len(t.Config[0])))
		return append(head, t.Config[0]...)
	default: // AC-3, E-AC-3 and MP3 frames describe themselves
		return nil
	}
}

// avcConfigRecord is an AVCDecoderConfigurationRecord (ISO 14496-15 section
// 5.3.3.1). What High profiles may append repeats the SPS; decoders read that.
func avcConfigRecord(t *av.Track) []byte {
	if len(t.Config) == 0 || len(t.Config[0]) < 4 {
		return nil
	}
	sps, pps := t.Config[0], t.Config[1:]
	pps = pps[:min(len(pps), 0xFF)]
	b := []byte{1, sps[1], sps[2], sps[3], 0xFC | 3, 0xE0 | 1}
	b = append(appendSized(b, sps), byte(len(pps)))
	for _, p := range pps {
		b = appendSized(b, p)
	}
	return b
}

// appendSized appends a unit behind a length of two bytes.
func appendSized(dst, unit []byte) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(unit))), unit...)
}

// hevcConfigRecord is an HEVCDecoderConfigurationRecord (ISO 14496-15 section
// 8.3.3.1). Chroma format and bit depths repeat the SPS and are given as 4:2:0
// with what the profile says of its depth: decoders read the SPS.
func hevcConfigRecord(t *av.Track) []byte {
	if len(t.Config) < 3 {
		return nil
	}
	sps := unescaped(t.Config[1], 2+1+12)
	if sps == nil {
		return nil
	}
	const (
		main10      = 2
		chroma420   = 0xFC | 1
		depth8      = 0xF8
		nested      = 1 << 2
		lengthsOf4  = 3
		noSegments  = 0xF0
		noParallels = 0xFC
	)
	layers := (sps[2]>>1&7 + 1) << 3 // sps_max_sub_layers
	nesting := sps[2] & 1 * nested
	depth := byte(depth8)
	if sps[3]&0x1F == main10 {
		depth |= 2
	}
	b := append([]byte{1}, sps[3:15]...) // profile_tier_level up to the level
	b = append(b, noSegments, 0, noParallels, chroma420, depth, depth, 0, 0, layers|nesting|lengthsOf4)
	sets := [3][][]byte{t.Config[:1], t.Config[1:2], t.Config[2:min(len(t.Config), 2+0xFF)]}
	b = append(b, byte(len(sets)))
	for _, units := range sets {
		b = append(b, 1<<7|units[0][0]>>1&0x3F) // array_completeness, NAL_unit_type
		b = binary.BigEndian.AppendUint16(b, uint16(len(units)))
		for _, u := range units {
			b = appendSized(b, u)
		}
	}
	return b
}

// unescaped is the first n bytes of a NAL unit without its emulation prevention
// bytes, nil if it has not as many.
func unescaped(unit []byte, n int) []byte {
	b := make([]byte, 0, n)
	zeros := 0
	for _, c := range unit {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		if b = append(b, c); len(b) == n {
			return b
		}
	}
	return nil
}

// av1ConfigRecord is an AV1CodecConfigurationRecord (AV1 in ISOBMFF section
// 2.3.3) of a sequence header without size field. The chroma it tells is 4:2:0,
// 8 bits, which the header corrects.
func av1ConfigRecord(header []byte) []byte {
	profile, level := byte(0), byte(0)
	if len(header) > 2 {
		profile = header[1] >> 5
		const reduced = 1 << 3
		if header[1]&reduced != 0 {
			level = (header[1]&7)<<2 | header[2]>>6
		} else {
			level = 8 // 4.0; where it stands depends on what comes before
		}
	}
	const mark, subsampled = 1<<7 | 1, 1<<3 | 1<<2
	return appendOBU([]byte{mark, profile<<5 | level, subsampled, 0}, header)
}

// vpConfigRecord is a VPCodecConfigurationRecord (VP codec in ISOBMFF) for 8 bits
// and 4:2:0; each keyframe says it again.
func vpConfigRecord(t *av.Track) []byte {
	profile := byte(0)
	if n, ok := strings.CutPrefix(t.Profile, "Profile "); ok && len(n) == 1 {
		profile = n[0] - '0'
	}
	const level4, depth8, unspecified = 40, 8<<4 | 1<<1, 2
	return []byte{profile, level4, depth8, unspecified, unspecified, unspecified, 0, 0}
}

// opusHead is the ID header of RFC 7845 section 5.1 for one stream of one or two
// channels.
func opusHead(t *av.Track) []byte {
	if len(t.Config) > 0 {
		return t.Config[0]
	}
	b := append([]byte("OpusHead"), 1, byte(max(1, min(t.Channels, 2))))
	const noSkip, noGain, mapping = 0, 0, 0
	b = binary.LittleEndian.AppendUint16(b, noSkip)
	b = binary.LittleEndian.AppendUint32(b, uint32(t.ClockRate()))
	return append(binary.LittleEndian.AppendUint16(b, noGain), mapping)
}
