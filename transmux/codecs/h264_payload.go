package codecs

import (
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"millrace/transmux/av"
)

// forRTP reports whether a unit goes to RTP receivers. Delimiters, ends and
// filler say nothing there, and a CBR encoder would spend a packet a frame on
// them; neither does SEI without user data. Types that H.264 reserves or leaves
// to others mean something else in RTP: 24 to 29 are its own packets.
func forRTP(nalu []byte) bool {
	switch t := naluType(nalu); t {
	case h264.NALUTypeSEI:
		return hasUserData(nalu[1:])
	case h264.NALUTypeAccessUnitDelimiter, h264.NALUTypeEndOfSequence, h264.NALUTypeEndOfStream,
		h264.NALUTypeFillerData:
		return false
	default:
		return t >= h264.NALUTypeNonIDR && t <= h264.NALUTypeSubsetSPS ||
			t >= h264.NALUTypeSliceLayerWithoutPartitioning && t <= h264.NALUTypeSliceExtensionDepth
	}
}

// h264Format is RFC 6184's, packetization-mode 1: single NAL units, STAP-A and FU-A.
var h264Format = nalFormat{codec: av.H264, header: 1, fuHead: 2, apHead: 1}

// h264Payloads cuts an access unit into RTP payloads (RFC 6184 section 6.3).
func h264Payloads(nalus [][]byte) []av.Payload { return h264Format.payloads(nalus) }

// appendSTAPA appends a STAP-A's header (RFC 6184 section 5.7.1). Its forbidden
// bit is set if any unit's is, its importance is the highest of theirs.
func appendSTAPA(dst []byte, units [][]byte) []byte {
	var forbidden, importance byte
	for _, u := range units {
		forbidden |= u[0] & 0x80
		importance = max(importance, u[0]&0x60)
	}
	return append(dst, forbidden|importance|byte(h264.NALUTypeSTAPA))
}

// appendFUA appends FU indicator and FU header (RFC 6184 section 5.8).
func appendFUA(dst, unit []byte, start, end bool) []byte {
	fu := unit[0] & 0x1F
	if start {
		fu |= 0x80
	}
	if end {
		fu |= 0x40
	}
	return append(dst, unit[0]&0xE0|byte(h264.NALUTypeFUA), fu)
}
