package rtpio

import (
	"errors"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

var errAC3 = errors.New("malformed AC-3 payload")

// The frame types of a payload's header (RFC 4184 section 4.1.1).
const (
	ac3Whole = 0
	ac3Later = 3 // fragments behind the first; 1 and 2 are first ones
	ac3Head  = 2
	// ac3Samples is what a frame holds, always.
	ac3Samples = 1536
)

// depayAC3 reads RFC 4184: frames, or a frame in fragments.
type depayAC3 struct {
	units
	missing int // fragments
}

func (d *depayAC3) begins([]byte) bool { return true }
func (d *depayAC3) partial() bool      { return d.missing > 0 }

func (d *depayAC3) add(b []byte, first bool) error {
	if first {
		d.reset()
		d.missing = 0
	}
	if len(b) <= ac3Head {
		return errAC3
	}
	kind, count := b[0]&3, int(b[1])
	b = b[ac3Head:]
	switch {
	case count == 0, (kind == ac3Later) != (d.missing > 0):
		return errAC3
	case kind == ac3Whole:
		return d.addFrames(b, count)
	case kind == ac3Later:
		d.missing--
	default:
		d.missing = count - 1
	}
	if err := d.scratch.add(b...); err != nil || d.missing > 0 {
		return err
	}
	return d.end()
}

// addFrames takes frames of equal size apart.
func (d *depayAC3) addFrames(b []byte, count int) error {
	if len(b)%count != 0 {
		return errAC3
	}
	for size := len(b) / count; len(b) > 0; b = b[size:] {
		if err := d.scratch.add(b[:size]...); err != nil {
			return err
		}
		if err := d.end(); err != nil {
			return err
		}
	}
	return nil
}

func (d *depayAC3) frame(t *av.Track) (*av.Frame, *av.Track, error) {
	if d.missing > 0 {
		return nil, nil, errAC3
	}
	if len(d.ends) == 0 {
		return nil, nil, nil
	}
	channels, rate, err := codecs.AC3Header(d.buf)
	if err != nil {
		return nil, nil, err
	}
	f := codecs.AC3Frame(d.first(ac3Samples, rate))
	if rate == t.SampleRate && channels == t.Channels {
		return f, nil, nil
	}
	changed := codecs.AC3Track(channels, rate)
	return f, &changed, nil
}
