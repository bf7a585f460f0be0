package codecs

import (
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/vp9"

	"millrace/transmux/av"
)

// maxVP9Layers is how many spatial layers a picture may have: a layer's id takes
// three bits (RFC 9628 section 4.2).
const maxVP9Layers = 8

// VP9Track describes a VP9 track; width and height are in pixels, profile is 0
// to 3, as a keyframe tells them (VP9Size).
func VP9Track(width, height, profile int) av.Track {
	return av.Track{
		Kind: av.Video, Codec: av.VP9, Width: width, Height: height,
		Profile: fmt.Sprintf("Profile %d", profile),
	}
}

// VP9Size reads a keyframe's width and height in pixels and its profile; ok is
// false for other frames and for what is no frame.
func VP9Size(data []byte) (width, height, profile int, ok bool) {
	h, err := vp9Header(data)
	if err != nil || !vp9Key(h) {
		return 0, 0, 0, false
	}
	return h.Width(), h.Height(), int(h.Profile), true
}

// vp9Header parses the first frame of data, which may be a superframe, up to its
// size (VP9 bitstream specification section 6.2).
func vp9Header(data []byte) (vp9.Header, error) {
	var h vp9.Header
	if err := h.Unmarshal(data); err != nil {
		return vp9.Header{}, fmt.Errorf("codecs: VP9 frame header: %w", err)
	}
	return h, nil
}

func vp9Key(h vp9.Header) bool { return !h.ShowExistingFrame && !h.NonKeyFrame }

// VP9Layer is one frame of a picture: all of it, or one of its spatial layers.
type VP9Layer struct {
	Data []byte
	// ID counts the spatial layers from 0, the lowest.
	ID uint8
	// Descriptor is the frame's payload descriptor (RFC 9628 section 4.2) as its
	// sender wrote it in its first packet, up to the scalability structure, which
	// is Structure if there is one. Pictures of several layers, spatial or temporal,
	// go out with what they came with: it says which frames need which, and nobody
	// else knows. It is nil for a picture without layers.
	Descriptor, Structure []byte
}

// VP9Frame makes a frame of one picture's layers, lowest first; a picture that
// is not layered has one. Its Parts are the layers' data, which it keeps; its
// Payloads follow RFC 9628. Picture is the PictureID of a picture that came
// without a descriptor: the caller counts a track's, modulo 2^15.
//
// It is Key when the lowest layer is. It fails when that has no valid frame
// header, when a layer is empty, when the layers are not in order, when only
// some have a descriptor, or when one is longer than any is.
func VP9Frame(picture uint16, layers ...VP9Layer) (*av.Frame, error) {
	if len(layers) == 0 || len(layers) > maxVP9Layers {
		return nil, fmt.Errorf("codecs: VP9: picture of %d layers", len(layers))
	}
	for i := range layers {
		if err := layers[i].check(); err != nil {
			return nil, err
		}
		if i > 0 && layers[i].ID <= layers[i-1].ID {
			return nil, errors.New("codecs: VP9: spatial layers out of order")
		}
	}
	h, err := vp9Header(layers[0].Data)
	if err != nil {
		return nil, err
	}
	key := vp9Key(h) && layers[0].ID == 0
	if l := layers[0]; len(layers) == 1 && len(l.Descriptor) == 0 {
		l.Descriptor, l.Structure = vp9Descriptor(picture, key), nil
		if key {
			l.Structure = vp9Structure(h)
		}
		layers = []VP9Layer{l}
	}
	f := newSingle(av.Delta, layers[0].Data)
	if len(layers) > 1 {
		f.Parts = make([][]byte, len(layers))
	}
	for i, l := range layers {
		if len(l.Descriptor) == 0 {
			return nil, errors.New("codecs: VP9: spatial layer without its descriptor")
		}
		f.Parts[i] = l.Data
	}
	if key {
		f.Type = av.Key
	}
	f.Payloads = vp9Payloads(layers)
	return f, nil
}

// maxVP9Descriptor bounds a descriptor with its structure in bytes. 7 is the
// longest without one; a structure of three layers and a group of eight pictures
// takes about 40. It must leave room for data in a packet.
const maxVP9Descriptor = 200

func (l *VP9Layer) check() error {
	switch {
	case len(l.Data) == 0:
		return errors.New("codecs: VP9: empty frame")
	case l.ID >= maxVP9Layers:
		return fmt.Errorf("codecs: VP9: spatial layer %d", l.ID)
	case len(l.Descriptor)+len(l.Structure) > maxVP9Descriptor:
		return fmt.Errorf("codecs: VP9: payload descriptor of %d bytes", len(l.Descriptor)+len(l.Structure))
	default:
		return nil
	}
}
