package codecs

import (
	"encoding/binary"

	"millrace/transmux/av"
)

// payloads cuts those of an access unit's NAL units that RTP receivers want into
// RTP payloads: units alone, aggregated, and fragmented. Bodies share the units'
// bytes, all heads and aggregated units one allocation.
func (f *nalFormat) payloads(nalus [][]byte) []av.Payload {
	var room [plannedUnits][]byte
	units, total := room[:0], 0
	for _, n := range nalus {
		if f.forRTP(n) {
			units = append(units, n)
			total += len(n)
		}
	}
	if len(units) == 0 {
		return nil
	}
	budget := total * maxPadPercent / 100
	size := f.bestSize(units, budget)
	plan := f.planFor(units, size, budget)
	tail := tailOf(budget)
	w := payloadWriter{
		nalFormat: f,
		out:       make([]av.Payload, 0, plan.packets),
		heads:     make([]byte, 0, plan.heads),
	}
	for i := 0; i < len(units); {
		c := f.nextCut(units, i, size, budget, tail)
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

func (f *nalFormat) forRTP(nalu []byte) bool {
	if f.codec == av.H265 {
		return h265ForRTP(nalu)
	}
	return forRTP(nalu)
}

// appendAP appends an aggregation packet's header for units.
func (f *nalFormat) appendAP(dst []byte, units [][]byte) []byte {
	if f.codec == av.H265 {
		return appendAP(dst, units)
	}
	return appendSTAPA(dst, units)
}

// appendFU appends the head of a fragment of unit.
func (f *nalFormat) appendFU(dst, unit []byte, start, end bool) []byte {
	if f.codec == av.H265 {
		return appendFU(dst, unit, start, end)
	}
	return appendFUA(dst, unit, start, end)
}

// payloadWriter collects payloads; heads has room for all of theirs.
type payloadWriter struct {
	*nalFormat
	out   []av.Payload
	heads []byte
}

// headFrom returns the head written since offset start, closed to appends.
func (w *payloadWriter) headFrom(start int) []byte {
	return w.heads[start:len(w.heads):len(w.heads)]
}

// aggregate writes units as one aggregation packet.
func (w *payloadWriter) aggregate(units [][]byte, pad int) {
	start := len(w.heads)
	w.heads = w.appendAP(w.heads, units)
	for _, u := range units {
		w.heads = binary.BigEndian.AppendUint16(w.heads, uint16(len(u)))
		w.heads = append(w.heads, u...)
	}
	w.out = append(w.out, av.Payload{Head: w.headFrom(start), Pad: uint8(pad)})
}

// fragment writes one unit as fragments: full ones and a rest, or with padding
// to spread, equal shares.
func (w *payloadWriter) fragment(unit []byte, size int, c nalCut) {
	rest := unit[w.header:]
	share, longer := len(rest)/c.packets, len(rest)%c.packets
	for i := range c.packets {
		n := min(size-w.fuHead, len(rest))
		if c.pad > 0 {
			n = share
			if i < longer {
				n++
			}
		}
		start := len(w.heads)
		w.heads = w.appendFU(w.heads, unit, i == 0, i == c.packets-1)
		p := av.Payload{Head: w.headFrom(start), Body: rest[:n:n]}
		if c.pad > 0 {
			p.Pad = uint8(size - p.Size())
		}
		w.out = append(w.out, p)
		rest = rest[n:]
	}
}
