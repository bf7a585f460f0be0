package codecs

import "millrace/transmux/av"

// Types of RTP's own units (RFC 7798 section 4.4).
const (
	h265AP = 48
	h265FU = 49
)

// h265Format is RFC 7798's, without decoding order numbers (sprop-max-don-diff 0).
var h265Format = nalFormat{codec: av.H265, header: 2, fuHead: 3, apHead: 2}

// h265ForRTP reports whether a unit goes to RTP receivers. As with H.264,
// delimiters, ends, filler and SEI without user data say nothing there. Units of
// other layers than the base (a second view, an enhancement) are for decoders
// that nobody has, and the types that H.265 reserves mean something else in RTP.
func h265ForRTP(nalu []byte) bool {
	if len(nalu) <= 2 || h265Layer(nalu) != 0 { // a header alone is nothing
		return false
	}
	switch t := h265Type(nalu); {
	case t <= h265LastPicture, t >= h265FirstIRAP && t <= h265CRA, t >= h265VPS && t <= h265PPS:
		return true
	case t == h265PrefixSEI:
		return hasUserData(nalu[2:])
	default:
		return false
	}
}

// appendAP appends an aggregation packet's header (RFC 7798 section 4.4.2): its
// forbidden bit is set if any unit's is, its layer and its temporal id are the
// lowest of theirs. All layers are the base here.
func appendAP(dst []byte, units [][]byte) []byte {
	forbidden, temporal := byte(0), byte(7)
	for _, u := range units {
		forbidden |= u[0] & 0x80
		temporal = min(temporal, u[1]&7)
	}
	return append(dst, forbidden|h265AP<<1, temporal)
}

// appendFU appends payload header and FU header (RFC 7798 section 4.4.3).
func appendFU(dst, unit []byte, start, end bool) []byte {
	fu := h265Type(unit)
	if start {
		fu |= 0x80
	}
	if end {
		fu |= 0x40
	}
	return append(dst, unit[0]&0x81|h265FU<<1, unit[1], fu)
}
