package rtpio

import (
	"errors"

	"github.com/pion/rtp/codecs/av1/obu"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

var errAV1 = errors.New("malformed AV1 payload")

// The bits of the aggregation header (AV1 RTP specification section 4.4).
const (
	av1Continues   = 0x80 // Z
	av1Continued   = 0x40 // Y
	av1NewSequence = 0x08 // N
)

// depayAV1 reads the payloads of AV1's RTP specification, version 1.0. (pion's
// reader puts no bound to fragments, and writes sizes that we would take out again.)
type depayAV1 struct {
	scratch
	open bool // the last OBU goes on
}

// begins is true for a coded video sequence's first packet, which says so or
// begins with a temporal delimiter or a sequence header. Nothing else matters
// after a hole.
func (d *depayAV1) begins(b []byte) bool {
	if b[0]&av1Continues != 0 {
		return false
	}
	element, _, err := nextElement(b[1:], 1, av1Count(b[0]))
	if err != nil || len(element) == 0 {
		return false
	}
	kind := obu.Type(element[0] >> 3 & 0xF)
	return b[0]&av1NewSequence != 0 || kind == obu.OBUSequenceHeader || kind == obu.OBUTemporalDelimiter
}

func av1Count(header byte) int { return int(header >> 4 & 3) }

// nextElement cuts off the nth OBU element of count, 0 for unknown: all have
// their length in front, but the last one where the count is known.
func nextElement(b []byte, n, count int) (element, rest []byte, err error) {
	if n == count {
		return b, nil, nil
	}
	size, took, err := obu.ReadLeb128(b)
	if err != nil {
		return nil, nil, err
	}
	b = b[took:]
	if size > uint(len(b)) {
		return nil, nil, errAV1
	}
	return b[:size], b[size:], nil
}

func (d *depayAV1) add(b []byte, first bool) error {
	if first {
		d.reset()
		d.open = false
	}
	header, rest := b[0], b[1:]
	if len(rest) == 0 || d.open != (header&av1Continues != 0) {
		return errAV1
	}
	count := av1Count(header)
	for n := 1; len(rest) > 0; n++ {
		var element []byte
		var err error
		if element, rest, err = nextElement(rest, n, count); err != nil {
			return err
		}
		if len(rest) == 0 && n < count { // nextElement leaves nothing behind the last one
			return errAV1
		}
		if err := d.scratch.add(element...); err != nil {
			return err
		}
		if d.open = len(rest) == 0 && header&av1Continued != 0; d.open {
			return nil
		}
		if err := d.end(); err != nil {
			return err
		}
	}
	return nil
}

func (d *depayAV1) frame(t *av.Track) (*av.Frame, *av.Track, error) {
	if d.open {
		return nil, nil, errAV1
	}
	obus := d.parts()
	for i := range obus {
		var err error
		if obus[i], err = codecs.AV1Plain(obus[i]); err != nil {
			return nil, nil, err
		}
	}
	var changed *av.Track
	updated, isNew, err := codecs.AV1Update(t, obus)
	if err != nil {
		return nil, nil, err
	}
	if isNew {
		c := updated // so that it is on the heap when it is new only
		t, changed = &c, &c
	}
	f, err := codecs.AV1Frame(t, obus)
	return f, changed, err
}
