package rtpio

import (
	"errors"

	pion "github.com/pion/rtp/codecs"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

var errVP8 = errors.New("malformed VP8 payload")

// depayVP8 reads RFC 7741. Temporal layers and picture numbers are not needed:
// nothing is left out on purpose, and holes show in the sequence.
type depayVP8 struct{ scratch }

func startsVP8(p *pion.VP8Packet) bool { return p.S == 1 && p.PID == 0 }

func (d *depayVP8) begins(b []byte) bool {
	var p pion.VP8Packet
	_, err := p.Unmarshal(b)
	return err == nil && startsVP8(&p)
}

func (d *depayVP8) add(b []byte, first bool) error {
	if first {
		d.reset()
	}
	var p pion.VP8Packet
	data, err := p.Unmarshal(b)
	if err != nil {
		return err
	}
	if startsVP8(&p) != first {
		return errVP8
	}
	return d.scratch.add(data...)
}

func (d *depayVP8) frame(t *av.Track) (*av.Frame, *av.Track, error) {
	f, err := codecs.VP8Frame(d.bytes())
	if err != nil {
		return nil, nil, err
	}
	if f.Type == av.Key {
		if w, h, _ := codecs.VP8Size(f.Parts[0]); w != t.Width || h != t.Height {
			changed := codecs.VP8Track(w, h)
			return f, &changed, nil
		}
	}
	return f, nil, nil
}
