package codecs

import (
	"encoding/binary"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/vp9"

	"millrace/transmux/av"
)

// The bits of the payload descriptor's first byte that matter here (RFC 9628
// section 4.2).
const (
	vp9HasPicture   = 0x80 // I
	vp9InterPicture = 0x40 // P
	vp9Begins       = 0x08 // B
	vp9Ends         = 0x04 // E
	vp9HasStructure = 0x02 // V
	vp9NotReference = 0x01 // Z: no higher layer needs it
)

// vp9Descriptor is our own, of a picture without layers: not flexible, which
// would have to name the pictures it needs, so that it needs the one before. That is
// true of every stream that is passed on whole.
func vp9Descriptor(picture uint16, key bool) []byte {
	flags := byte(vp9HasPicture | vp9NotReference)
	if !key {
		flags |= vp9InterPicture
	}
	return []byte{flags, 0x80 | byte(picture>>8), byte(picture)}
}

// vp9Structure is a keyframe's scalability structure (RFC 9628 section 4.2.1):
// one layer of its size, and a picture group of one picture that needs the one
// before.
func vp9Structure(h vp9.Header) []byte {
	const hasSize, hasGroup = 0x10, 0x08
	const pictures, switchable, references, distance = 1, 0x10, 1 << 2, 1
	buf := append(make([]byte, 0, 8), hasSize|hasGroup)
	buf = binary.BigEndian.AppendUint16(buf, uint16(h.Width()))
	buf = binary.BigEndian.AppendUint16(buf, uint16(h.Height()))
	return append(buf, pictures, switchable|references, distance)
}

// vp9Payloads cuts a picture. Each layer is cut for itself (RFC 9628 section
// 4.2: a packet holds data of one only), into packets of one size but the last.
// The structure goes with the layer's first.
func vp9Payloads(layers []VP9Layer) []av.Payload {
	packets, heads := 0, 0
	for i := range layers {
		count, _ := layers[i].share()
		packets += count
		heads += count*len(layers[i].Descriptor) + len(layers[i].Structure)
	}
	out := make([]av.Payload, 0, packets)
	buf := make([]byte, 0, heads)
	for _, l := range layers {
		flags := l.Descriptor[0]&^(vp9Begins|vp9Ends|vp9HasStructure) | vp9Begins
		if len(l.Structure) > 0 {
			flags |= vp9HasStructure
		}
		_, room := l.share()
		for rest := l.Data; len(rest) > 0; {
			n := min(room-len(l.Structure), len(rest))
			if n == len(rest) {
				flags |= vp9Ends
			}
			start := len(buf)
			buf = append(append(buf, flags), l.Descriptor[1:]...)
			buf = append(buf, l.Structure...)
			out = append(out, av.Payload{Head: buf[start:len(buf):len(buf)], Body: rest[:n:n]})
			rest = rest[n:]
			flags &^= vp9Begins | vp9HasStructure
			l.Structure = nil
		}
	}
	return evened(out)
}

// share is how many packets a layer takes, and their size without descriptor.
func (l *VP9Layer) share() (count, size int) {
	return share(len(l.Structure)+len(l.Data), av.MaxPayload-len(l.Descriptor))
}
