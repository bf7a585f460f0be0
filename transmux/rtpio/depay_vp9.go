package rtpio

import (
	"errors"

	pion "github.com/pion/rtp/codecs"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

var errVP9 = errors.New("malformed VP9 payload")

// maxVP9Layers is how many spatial layers pion's reader lets through, and more
// than anybody sends.
const maxVP9Layers = 5

// depayVP9 reads RFC 9628, both modes. The spatial layers of a picture stay
// together; its temporal layer and what it refers to are not kept, since nothing
// is left out on purpose.
type depayVP9 struct {
	scratch
	packet pion.VP9Packet
	layers [maxVP9Layers]codecs.VP9Layer
	count  int
	open   bool // the last layer's frame has not ended
	sizes  [maxVP9Layers]size
	// picture numbers the frames made. Receivers want it without gaps.
	picture uint16
}

type size struct{ width, height int }

func (d *depayVP9) begins(b []byte) bool {
	var p pion.VP9Packet
	_, err := p.Unmarshal(b)
	return err == nil && p.B && p.SID == 0
}

func (d *depayVP9) add(b []byte, first bool) error {
	if first {
		d.reset()
		d.count, d.open = 0, false
	}
	p := &d.packet
	*p = pion.VP9Packet{PDiff: p.PDiff[:0]} // Unmarshal appends to what is there
	data, err := p.Unmarshal(b)
	if err != nil {
		return err
	}
	if p.B == d.open {
		return errVP9
	}
	if p.B {
		if d.count == maxVP9Layers {
			return errVP9
		}
		d.layers[d.count] = codecs.VP9Layer{ID: p.SID, InterPicture: p.P, InterLayer: p.D}
		d.count++
	} else if p.SID != d.layers[d.count-1].ID {
		return errVP9
	}
	if p.V && p.Y {
		d.sizes = [maxVP9Layers]size{}
		for i := range min(len(p.Width), maxVP9Layers) {
			d.sizes[i] = size{int(p.Width[i]), int(p.Height[i])}
		}
	}
	if err := d.scratch.add(data...); err != nil {
		return err
	}
	d.open = !p.E
	if d.open {
		return nil
	}
	return d.endLayer()
}

// endLayer ends a layer's frame, which must not be empty.
func (d *depayVP9) endLayer() error {
	if d.empty() {
		return errVP9
	}
	return d.end()
}

func (d *depayVP9) frame(t *av.Track) (*av.Frame, *av.Track, error) {
	if d.open { // the marker says what E does not
		if err := d.endLayer(); err != nil {
			return nil, nil, err
		}
	}
	layers := d.layers[:d.count]
	for i, data := range d.parts() {
		layers[i].Data = data
		layers[i].Width, layers[i].Height = d.sizes[layers[i].ID].width, d.sizes[layers[i].ID].height
	}
	f, err := codecs.VP9Frame(d.picture, layers...)
	if err != nil {
		return nil, nil, err
	}
	d.picture = (d.picture + 1) & 0x7FFF
	if f.Type == av.Key {
		if changed := vp9Track(layers); changed.Width != t.Width || changed.Height != t.Height || changed.Profile != t.Profile {
			return f, &changed, nil
		}
	}
	return f, nil, nil
}

// vp9Track describes the track that begins with a keyframe: as large as the
// highest layer whose size is known.
func vp9Track(layers []codecs.VP9Layer) av.Track {
	w, h, profile, _ := codecs.VP9Size(layers[0].Data)
	for _, l := range layers[1:] {
		if l.Width > 0 && l.Height > 0 {
			w, h = l.Width, l.Height
		}
	}
	return codecs.VP9Track(w, h, profile)
}
