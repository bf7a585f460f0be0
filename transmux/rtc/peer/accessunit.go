package peer

import (
	"time"

	"github.com/pion/rtp"
)

// The H.264 NAL unit types that matter here (H.264 table 7-1, RFC 6184 table 1).
const (
	naluIDR   = 5
	naluSPS   = 7
	naluPPS   = 8
	naluSTAPA = 24
	naluFUA   = 28
)

// AccessUnit is one H.264 picture as it came in.
type AccessUnit struct {
	NALUs     [][]byte // without start codes; they belong to the receiver
	Timestamp uint32   // RTP, 90 kHz

	// Complete: every packet from the first to the marker came, each fragment
	// fits to the one before, and the unit before ended with its marker.
	Complete bool
	// Key: it holds a slice of an IDR picture.
	Key bool
	// Parameters: SPS and PPS stand in front of the first slice.
	Parameters bool

	Packets int
	First   time.Time // arrival of its first packet
	Last    time.Time // arrival of its last packet
}

// Assembler puts access units together from RTP (RFC 6184: single units, STAP-A,
// FU-A). It reports a damaged unit as such and never waits for late packets. The
// zero value is ready; it serves one goroutine.
type Assembler struct {
	unit     AccessUnit
	open     bool   // unit holds packets
	clean    bool   // nothing is missing from unit so far
	boundary bool   // the last packet bore the marker, so the next begins a unit
	next     uint16 // the sequence number that carries on
	started  bool
	sliced   bool // unit holds a slice already
	sps, pps bool
	fragment []byte
}

// Push takes the next packet in sequence and returns the units it ended: none or
// one, or two where a unit without its marker was cut off by a whole one.
func (a *Assembler) Push(p *rtp.Packet, arrived time.Time) []AccessUnit {
	var out []AccessUnit
	gap := a.started && p.SequenceNumber != a.next
	// The very first packet is taken for a unit's beginning: the door of a
	// stream is a whole keyframe, and a damaged start shows in its parts.
	begins := !a.started || (a.boundary && !gap)
	a.started, a.next = true, p.SequenceNumber+1

	if len(p.Payload) == 0 { // padding only, counts as sequence and nothing else
		a.boundary = begins || p.Marker
		a.clean = a.clean && !gap
		return nil
	}
	if a.open && p.Timestamp != a.unit.Timestamp {
		a.clean = false
		out = append(out, a.end())
	}
	if !a.open {
		a.unit = AccessUnit{Timestamp: p.Timestamp, First: arrived}
		a.open, a.clean = true, begins
		a.sliced, a.sps, a.pps, a.fragment = false, false, false, nil
	}
	if gap {
		a.clean = false
	}
	a.unit.Packets++
	a.unit.Last = arrived
	a.payload(p.Payload)
	a.boundary = p.Marker
	if p.Marker {
		out = append(out, a.end())
	}
	return out
}

func (a *Assembler) end() AccessUnit {
	if a.fragment != nil {
		a.clean, a.fragment = false, nil
	}
	a.unit.Complete = a.clean
	a.open = false
	return a.unit
}

func (a *Assembler) payload(b []byte) {
	switch kind := b[0] & 0x1F; {
	case kind >= 1 && kind < naluSTAPA:
		a.nalu(append([]byte(nil), b...))
	case kind == naluSTAPA:
		a.aggregate(b[1:])
	case kind == naluFUA:
		a.fua(b)
	default:
		a.clean = false
	}
}

// aggregate takes a STAP-A apart (RFC 6184 section 5.7.1).
func (a *Assembler) aggregate(b []byte) {
	for len(b) > 0 {
		if len(b) < 2 {
			a.clean = false
			return
		}
		n := int(b[0])<<8 | int(b[1])
		b = b[2:]
		if n == 0 || n > len(b) {
			a.clean = false
			return
		}
		a.nalu(append([]byte(nil), b[:n]...))
		b = b[n:]
	}
}

// fua adds a fragment (RFC 6184 section 5.8).
func (a *Assembler) fua(b []byte) {
	if len(b) < 3 {
		a.clean = false
		return
	}
	start, end := b[1]&0x80 != 0, b[1]&0x40 != 0
	if start == (a.fragment != nil) || (start && end) {
		a.clean = false
		a.fragment = nil
		if !start {
			return
		}
	}
	if start {
		a.fragment = append(make([]byte, 0, 4096), b[0]&0xE0|b[1]&0x1F)
	}
	a.fragment = append(a.fragment, b[2:]...)
	if end {
		n := a.fragment
		a.fragment = nil
		a.nalu(n)
	}
}

func (a *Assembler) nalu(n []byte) {
	a.unit.NALUs = append(a.unit.NALUs, n)
	switch kind := n[0] & 0x1F; {
	case kind == naluSPS:
		a.sps = a.sps || !a.sliced
	case kind == naluPPS:
		a.pps = a.pps || (a.sps && !a.sliced)
	case kind >= 1 && kind <= naluIDR:
		if !a.sliced {
			a.unit.Parameters = a.sps && a.pps
		}
		a.sliced = true
		a.unit.Key = a.unit.Key || kind == naluIDR
	}
}
