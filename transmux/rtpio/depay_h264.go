package rtpio

import (
	"encoding/binary"
	"errors"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

// The NAL unit types that matter here (H.264 table 7-1, RFC 6184 table 1).
const (
	naluSlice = 1
	naluIDR   = 5
	naluSEI   = 6
	naluAUD   = 9
	naluLast  = 23 // of those that are a unit each
	naluSTAPA = 24
	naluFUA   = 28
)

var errH264 = errors.New("malformed H.264 payload")

// depayH264 reads RFC 6184's packetization modes 0 and 1: single units, STAP-A,
// FU-A. (pion's reader puts neither bound nor order to fragments.)
type depayH264 struct {
	scratch
	fragment byte // type of the unit whose fragments are coming, 0 for none
}

// begins is true for what stands in front of a picture's first slice, and for
// the slice with the first macroblock: first_mb_in_slice is 0, coded as one bit.
func (d *depayH264) begins(b []byte) bool {
	switch b[0] & 0x1F {
	case naluSTAPA:
		return len(b) > 3 && beginsPicture(b[3], b[4:])
	case naluFUA:
		return len(b) > 2 && b[1]&0x80 != 0 && beginsPicture(b[1], b[2:])
	default:
		return beginsPicture(b[0], b[1:])
	}
}

// beginsPicture looks at a unit's header and what comes next.
func beginsPicture(header byte, payload []byte) bool {
	kind := header & 0x1F
	if kind == naluSlice || kind == naluIDR {
		return len(payload) > 0 && payload[0]&0x80 != 0
	}
	return kind >= naluSEI && kind <= naluAUD
}

func (d *depayH264) add(b []byte, first bool) error {
	if first {
		d.reset()
		d.fragment = 0
	}
	kind := b[0] & 0x1F
	if d.fragment != 0 && kind != naluFUA {
		return errH264
	}
	switch {
	case kind == naluFUA:
		return d.addFragment(b)
	case kind == naluSTAPA:
		return d.addAggregate(b[1:])
	case kind >= naluSlice && kind <= naluLast:
		if err := d.scratch.add(b...); err != nil {
			return err
		}
		return d.end()
	case kind == 0 || kind > naluFUA+1:
		return nil // reserved: to be ignored (section 5.2)
	default:
		return errH264 // of the interleaved mode
	}
}

// addAggregate takes a STAP-A apart (section 5.7.1).
func (d *depayH264) addAggregate(b []byte) error {
	for len(b) > 0 {
		if len(b) < 2 {
			return errH264
		}
		n := int(binary.BigEndian.Uint16(b))
		b = b[2:]
		if n > len(b) {
			return errH264
		}
		if err := d.scratch.add(b[:n]...); err != nil {
			return err
		}
		if err := d.end(); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// addFragment adds an FU-A (section 5.8).
func (d *depayH264) addFragment(b []byte) error {
	if len(b) < 2 {
		return errH264
	}
	begin, end, kind := b[1]&0x80 != 0, b[1]&0x40 != 0, b[1]&0x1F
	if kind == 0 || kind > naluLast || begin == (d.fragment != 0) || !begin && kind != d.fragment {
		return errH264
	}
	if begin {
		d.fragment = kind
		if err := d.scratch.add(b[0]&0xE0 | kind); err != nil {
			return err
		}
	}
	if err := d.scratch.add(b[2:]...); err != nil {
		return err
	}
	if !end {
		return nil
	}
	d.fragment = 0
	return d.end()
}

func (d *depayH264) frame(t *av.Track) (*av.Frame, *av.Track, error) {
	if d.fragment != 0 {
		return nil, nil, errH264
	}
	return nalFrame("H.264", t, d.parts(), codecs.H264Update, codecs.H264Frame)
}
