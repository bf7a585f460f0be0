package codecs

import (
	"errors"
	"fmt"

	"millrace/transmux/av"
)

// VP8Track describes a VP8 track; width and height are in pixels, as a
// keyframe tells them (VP8Size), or zero.
func VP8Track(width, height int) av.Track {
	return av.Track{Kind: av.Video, Codec: av.VP8, Width: width, Height: height, Profile: "VP8"}
}

// vp8TagSize and vp8KeySize are the sizes in bytes of a frame's tag, and of what a
// keyframe has in its place: tag, start code, width and height (RFC 6386
// section 9.1).
const (
	vp8TagSize = 3
	vp8KeySize = 10
)

// vp8Key reports whether the frame is a keyframe: the inverse of the tag's
// lowest bit.
func vp8Key(data []byte) bool { return data[0]&1 == 0 }

// VP8Size reads a keyframe's width and height in pixels; ok is false for other
// frames and for what is no frame.
func VP8Size(data []byte) (width, height int, ok bool) {
	if len(data) < vp8KeySize || !vp8Key(data) || data[3] != 0x9D || data[4] != 0x01 || data[5] != 0x2A {
		return 0, 0, false
	}
	// Two bits of scaling above 14 of size: how large to show it, not how large it is.
	width = int(data[6]) | int(data[7]&0x3F)<<8
	height = int(data[8]) | int(data[9]&0x3F)<<8
	return width, height, width > 0 && height > 0
}

// The payload descriptors (RFC 7741 section 4.2): only the start of a partition
// is told. A PictureID would have to run on over frames, and receivers do
// without: where there are no temporal layers to drop, sequence numbers say as much.
// They are shared by all frames and never written.
var (
	vp8First = []byte{0x10}
	vp8Next  = []byte{0x00}
)

// VP8Frame makes a frame of one VP8 frame (RFC 6386 section 9.1), which is its
// only part; its payloads follow RFC 7741, all of one size but the last. It keeps
// data. It fails on what cannot be a frame: a tag cut short, a keyframe without
// start code or size.
func VP8Frame(data []byte) (*av.Frame, error) {
	if len(data) < vp8TagSize {
		return nil, fmt.Errorf("codecs: VP8: frame of %d bytes", len(data))
	}
	typ := av.Delta
	if vp8Key(data) {
		if _, _, ok := VP8Size(data); !ok {
			return nil, errors.New("codecs: VP8: keyframe without start code or size")
		}
		typ = av.Key
	}
	f := newSingle(typ, data)
	count, size := share(len(data), av.MaxPayload-len(vp8First))
	f.Payloads = make([]av.Payload, 0, count)
	for head := vp8First; len(data) > 0; head = vp8Next {
		n := min(size, len(data))
		f.Payloads = append(f.Payloads, av.Payload{Head: head, Body: data[:n:n]})
		data = data[n:]
	}
	f.Payloads = evened(f.Payloads)
	return f, nil
}
