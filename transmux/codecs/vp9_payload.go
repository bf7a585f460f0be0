package codecs

import (
	"encoding/binary"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/vp9"

	"millrace/transmux/av"
)

// The bits of the payload descriptor's first byte (RFC 9628 section 4.2). F, the
// flexible mode, is never set: in it every frame names the pictures it needs,
// which nobody told us. Without it, a picture needs the one before: true of every
// stream that is passed on whole.
const (
	vp9HasPicture   = 0x80 // I
	vp9InterPicture = 0x40 // P
	vp9HasLayer     = 0x20 // L
	vp9Begins       = 0x08 // B
	vp9Ends         = 0x04 // E
	vp9HasStructure = 0x02 // V
	vp9NotReference = 0x01 // Z: no higher layer needs it
)

// vp9Descriptor is what a picture's payload descriptors have in common.
type vp9Descriptor struct {
	picture uint16
	layered bool
	// structure is the scalability structure, for the first payload of a keyframe.
	structure []byte
}

// size is a descriptor's in bytes, without scalability structure.
func (d *vp9Descriptor) size() int {
	if d.layered {
		return 5
	}
	return 3
}

// append appends the descriptor of one payload of layer l.
func (d *vp9Descriptor) append(buf []byte, flags byte, l *VP9Layer) []byte {
	flags |= vp9HasPicture
	if d.layered {
		flags |= vp9HasLayer
	}
	buf = append(buf, flags, 0x80|byte(d.picture>>8), byte(d.picture))
	if !d.layered {
		return buf
	}
	layer := l.ID << 1 // temporal layer 0 and no switching point: no picture is ever left out
	if l.InterLayer {
		layer |= 1
	}
	// All pictures being of temporal layer 0, TL0PICIDX counts them as PictureID does.
	return append(buf, layer, byte(d.picture))
}

// vp9Structure is a keyframe's scalability structure (RFC 9628 section 4.2.1):
// the layers' sizes where all are known, and a picture group of one picture that
// needs the one before.
func vp9Structure(h vp9.Header, layers []VP9Layer) []byte {
	const hasSizes, hasGroup = 0x10, 0x08
	first := byte(len(layers)-1)<<5 | hasSizes | hasGroup
	buf := append(make([]byte, 0, 4+4*len(layers)), first)
	for i, l := range layers {
		if i == 0 {
			l.Width, l.Height = h.Width(), h.Height()
		}
		if l.Width <= 0 || l.Height <= 0 || l.Width > 0xFFFF || l.Height > 0xFFFF {
			buf = append(buf[:0], first&^hasSizes)
			break
		}
		buf = binary.BigEndian.AppendUint16(buf, uint16(l.Width))
		buf = binary.BigEndian.AppendUint16(buf, uint16(l.Height))
	}
	const pictures, switchable, references, distance = 1, 0x10, 1 << 2, 1
	return append(buf, pictures, switchable|references, distance)
}

// vp9Payloads cuts a picture. Each layer frame is cut for itself (RFC 9628
// section 4.2: a packet holds data of one only), into packets of one size but
// the last.
func vp9Payloads(d vp9Descriptor, key bool, layers []VP9Layer) []av.Payload {
	packets, extra := 0, len(d.structure)
	for i := range layers {
		count, _ := share(extra+len(layers[i].Data), av.MaxPayload-d.size())
		packets += count
		extra = 0
	}
	out := make([]av.Payload, 0, packets)
	heads := make([]byte, 0, packets*d.size()+len(d.structure))
	structure := d.structure
	for i := range layers {
		l := &layers[i]
		flags := byte(vp9Begins)
		if l.ID == 0 && !key || l.ID > 0 && l.InterPicture {
			flags |= vp9InterPicture
		}
		if i+1 == len(layers) || !layers[i+1].InterLayer {
			flags |= vp9NotReference
		}
		if structure != nil {
			flags |= vp9HasStructure
		}
		_, room := share(len(structure)+len(l.Data), av.MaxPayload-d.size())
		for rest := l.Data; len(rest) > 0; {
			n := min(room-len(structure), len(rest))
			if n == len(rest) {
				flags |= vp9Ends
			}
			start := len(heads)
			heads = append(d.append(heads, flags, l), structure...)
			out = append(out, av.Payload{Head: heads[start:len(heads):len(heads)], Body: rest[:n:n]})
			rest = rest[n:]
			flags &^= vp9Begins | vp9HasStructure
			structure = nil
		}
	}
	return out
}
