package codecs

import (
	"encoding/binary"

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
		return hasUserData(nalu)
	case h264.NALUTypeAccessUnitDelimiter, h264.NALUTypeEndOfSequence, h264.NALUTypeEndOfStream,
		h264.NALUTypeFillerData:
		return false
	default:
		return t >= h264.NALUTypeNonIDR && t <= h264.NALUTypeSubsetSPS ||
			t >= h264.NALUTypeSliceLayerWithoutPartitioning && t <= h264.NALUTypeSliceExtensionDepth
	}
}

// h264Payloads cuts an access unit into RTP payloads, packetization-mode 1 (RFC
// 6184 section 6.3): single NAL units, STAP-A and FU-A. Bodies share the units'
// bytes, all heads and aggregated units one allocation.
func h264Payloads(nalus [][]byte) []av.Payload {
	var room [plannedUnits][]byte
	units, total := room[:0], 0
	for _, n := range nalus {
		if forRTP(n) {
			units = append(units, n)
			total += len(n)
		}
	}
	if len(units) == 0 {
		return nil
	}
	budget := total * maxPadPercent / 100
	size := bestSize(units, budget)
	plan := planFor(units, size, budget)
	w := payloadWriter{
		out:   make([]av.Payload, 0, plan.packets),
		heads: make([]byte, 0, plan.heads),
	}
	for i := 0; i < len(units); {
		c := nextCut(units, i, size, budget)
		budget -= c.pad
		switch {
		case len(units[i]) > size:
			w.fragment(units[i], size, c)
		case c.end > i+1:
			w.aggregate(units[i:c.end], c.pad)
		default:
			w.out = append(w.out, av.Payload{Body: units[i], Pad: uint8(c.pad)})
		}
		i = c.end
	}
	return w.out
}

// payloadWriter collects payloads; heads has room for all of theirs.
type payloadWriter struct {
	out   []av.Payload
	heads []byte
}

// headFrom returns the head written since offset start, closed to appends.
func (w *payloadWriter) headFrom(start int) []byte {
	return w.heads[start:len(w.heads):len(w.heads)]
}

// aggregate writes units as one STAP-A (RFC 6184 section 5.7.1). Its forbidden
// bit is set if any unit's is, its importance is the highest of theirs.
func (w *payloadWriter) aggregate(units [][]byte, pad int) {
	start := len(w.heads)
	var forbidden, importance byte
	for _, u := range units {
		forbidden |= u[0] & 0x80
		importance = max(importance, u[0]&0x60)
	}
	w.heads = append(w.heads, forbidden|importance|byte(h264.NALUTypeSTAPA))
	for _, u := range units {
		w.heads = binary.BigEndian.AppendUint16(w.heads, uint16(len(u)))
		w.heads = append(w.heads, u...)
	}
	w.out = append(w.out, av.Payload{Head: w.headFrom(start), Pad: uint8(pad)})
}

// fragment writes one unit as FU-A packets (RFC 6184 section 5.8): full ones
// and a rest, or with padding to spread, equal shares.
func (w *payloadWriter) fragment(unit []byte, size int, c h264Cut) {
	header, rest := unit[0], unit[1:]
	indicator := header&0xE0 | byte(h264.NALUTypeFUA)
	share, longer := len(rest)/c.packets, len(rest)%c.packets
	for i := range c.packets {
		n := min(size-fuHead, len(rest))
		if c.pad > 0 {
			n = share
			if i < longer {
				n++
			}
		}
		fu := header & 0x1F
		if i == 0 {
			fu |= 0x80 // start
		}
		if i == c.packets-1 {
			fu |= 0x40 // end
		}
		start := len(w.heads)
		w.heads = append(w.heads, indicator, fu)
		p := av.Payload{Head: w.headFrom(start), Body: rest[:n:n]}
		if c.pad > 0 {
			p.Pad = uint8(size - p.Size())
		}
		w.out = append(w.out, p)
		rest = rest[n:]
	}
}
