package rtpio

import (
	"encoding/binary"
	"errors"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

// The NAL unit types that matter here (H.265 table 7-1, RFC 7798 section 4.4).
const (
	nalu265VPS  = 32
	nalu265AUD  = 35
	nalu265SEI  = 39 // in front of the picture
	nalu265Last = 47 // of those that are a unit each
	nalu265AP   = 48
	nalu265FU   = 49
)

// nalu265Head is the size of a NAL unit header.
const nalu265Head = 2

var errH265 = errors.New("malformed H.265 payload")

// depayH265 reads RFC 7798 without decoding order numbers: single units,
// aggregation packets, fragmentation units.
type depayH265 struct {
	scratch
	fragment int // type of the unit whose fragments are coming, -1 for none
}

func type265(b []byte) int { return int(b[0] >> 1 & 0x3F) }

// begins is true for what stands in front of a picture's first slice, and for
// the slice that says it is the first: first_slice_segment_in_pic_flag.
func (d *depayH265) begins(b []byte) bool {
	if len(b) <= nalu265Head {
		return false
	}
	switch kind := type265(b); kind {
	case nalu265AP:
		const size = 2
		rest := b[nalu265Head:]
		return len(rest) > size+nalu265Head && begins265(type265(rest[size:]), rest[size+nalu265Head:])
	case nalu265FU:
		return b[2]&0x80 != 0 && begins265(int(b[2]&0x3F), b[3:])
	default:
		return begins265(kind, b[nalu265Head:])
	}
}

func begins265(kind int, payload []byte) bool {
	if kind < nalu265VPS {
		return len(payload) > 0 && payload[0]&0x80 != 0
	}
	return kind <= nalu265AUD || kind == nalu265SEI
}

func (d *depayH265) add(b []byte, first bool) error {
	if first {
		d.reset()
		d.fragment = -1
	}
	if len(b) <= nalu265Head {
		return errH265
	}
	kind := type265(b)
	if d.fragment >= 0 && kind != nalu265FU {
		return errH265
	}
	switch {
	case kind == nalu265FU:
		return d.addFragment(b)
	case kind == nalu265AP:
		return d.addAggregate(b[nalu265Head:])
	case kind <= nalu265Last:
		return d.addUnit(b)
	default:
		return nil // PACI carries nothing that is needed, the rest is unspecified
	}
}

func (d *depayH265) addUnit(b []byte) error {
	if err := d.scratch.add(b...); err != nil {
		return err
	}
	return d.end()
}

// addAggregate takes an aggregation packet apart (section 4.4.2).
func (d *depayH265) addAggregate(b []byte) error {
	for len(b) > 0 {
		if len(b) < 2 {
			return errH265
		}
		n := int(binary.BigEndian.Uint16(b))
		b = b[2:]
		if n > len(b) || n <= nalu265Head || type265(b) > nalu265Last {
			return errH265
		}
		if err := d.addUnit(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// addFragment adds a fragmentation unit (section 4.4.3).
func (d *depayH265) addFragment(b []byte) error {
	if len(b) < 3 {
		return errH265
	}
	begin, end, kind := b[2]&0x80 != 0, b[2]&0x40 != 0, int(b[2]&0x3F)
	if kind > nalu265Last || begin == (d.fragment >= 0) || !begin && kind != d.fragment {
		return errH265
	}
	if begin {
		d.fragment = kind
		if err := d.scratch.add(b[0]&0x81|byte(kind)<<1, b[1]); err != nil {
			return err
		}
	}
	if err := d.scratch.add(b[3:]...); err != nil {
		return err
	}
	if !end {
		return nil
	}
	d.fragment = -1
	return d.end()
}

func (d *depayH265) frame(t *av.Track) (*av.Frame, *av.Track, error) {
	if d.fragment >= 0 {
		return nil, nil, errH265
	}
	return nalFrame("H.265", t, d.parts(), codecs.H265Update, codecs.H265Frame)
}
