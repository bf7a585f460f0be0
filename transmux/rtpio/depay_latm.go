package rtpio

import (
	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

// depayLATM reads RFC 6416: AudioMuxElements of one program and layer, whose
// configuration was signalled (cpresent=0). Each unit has its length in front, in
// bytes of 255 and one that is less (ISO 14496-3 table 1.44).
type depayLATM struct {
	units
	raw scratch
}

func (d *depayLATM) begins([]byte) bool { return true }

func (d *depayLATM) add(b []byte, first bool) error {
	if first {
		d.raw.reset()
	}
	return d.raw.add(b...)
}

// partial is true while the last unit is not there as a whole.
func (d *depayLATM) partial() bool {
	_, ok := d.split()
	return !ok
}

// split cuts the units off.
func (d *depayLATM) split() (units [][]byte, ok bool) {
	for b := d.raw.buf; len(b) > 0; {
		size, at := 0, 0
		for ; at < len(b) && b[at] == 0xFF; at++ {
			size += 0xFF
		}
		if at == len(b) {
			return nil, false
		}
		size += int(b[at])
		b = b[at+1:]
		if size > len(b) || len(units) == maxParts {
			return nil, false
		}
		units = append(units, b[:size])
		b = b[size:]
	}
	return units, true
}

func (d *depayLATM) frame(t *av.Track) (*av.Frame, *av.Track, error) {
	all, ok := d.split()
	if !ok {
		return nil, nil, errAAC
	}
	d.reset()
	for _, unit := range all {
		if err := d.scratch.add(unit...); err != nil {
			return nil, nil, err
		}
		if err := d.end(); err != nil {
			return nil, nil, err
		}
	}
	unit := d.first(codecs.AACFrameSamples(t), t.SampleRate)
	if unit == nil {
		return nil, nil, nil
	}
	return codecs.AACFrame(unit), nil, nil
}
