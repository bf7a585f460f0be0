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
// together. Descriptors that speak of layers are kept: which frame needs which is
// told nowhere else, and since nothing is left out on the way, all of it stays
// true. Where there are no layers, pictures get a descriptor of ours.
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
		d.begin(b[:len(b)-len(data)])
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

// begin notes a layer's frame by the descriptor that it begins with.
func (d *depayVP9) begin(descriptor []byte) {
	l := &d.layers[d.count]
	d.count++
	l.ID = d.packet.SID
	l.Descriptor, l.Structure = l.Descriptor[:0], l.Structure[:0]
	if d.packet.L {
		n := vp9DescriptorSize(descriptor)
		l.Descriptor = append(l.Descriptor, descriptor[:n]...)
		l.Structure = append(l.Structure, descriptor[n:]...)
	}
}

// vp9DescriptorSize is a valid descriptor's size in bytes up to its scalability
// structure (RFC 9628 section 4.2).
func vp9DescriptorSize(b []byte) int {
	const hasPicture, interPicture, hasLayer, flexible, more = 0x80, 0x40, 0x20, 0x10, 0x80
	n := 1
	if b[0]&hasPicture != 0 {
		if b[n]&more != 0 {
			n++
		}
		n++
	}
	if b[0]&hasLayer != 0 {
		if b[0]&flexible == 0 {
			n++ // TL0PICIDX
		}
		n++
	}
	if b[0]&flexible != 0 && b[0]&interPicture != 0 {
		for b[n]&1 != 0 { // another reference follows
			n++
		}
		n++
	}
	return n
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
	}
	f, err := codecs.VP9Frame(d.picture, layers...)
	if err != nil {
		return nil, nil, err
	}
	d.picture = (d.picture + 1) & 0x7FFF
	if f.Type == av.Key {
		if changed := d.track(layers); changed.Width != t.Width || changed.Height != t.Height || changed.Profile != t.Profile {
			return f, &changed, nil
		}
	}
	return f, nil, nil
}

// track describes the track that begins with a keyframe: as large as the
// highest of its layers whose size is known.
func (d *depayVP9) track(layers []codecs.VP9Layer) av.Track {
	w, h, profile, _ := codecs.VP9Size(layers[0].Data)
	for _, l := range layers[1:] {
		if s := d.sizes[l.ID]; s.width > 0 && s.height > 0 {
			w, h = s.width, s.height
		}
	}
	return codecs.VP9Track(w, h, profile)
}
