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
	// InterPicture says that the frame needs frames of earlier pictures. Of the
	// lowest layer the frame itself tells, whatever this says.
	InterPicture bool
	// InterLayer says that the frame needs the picture's next lower layer.
	InterLayer bool
	// Width and Height are the layer's in pixels where known. Of a keyframe the
	// frame itself tells.
	Width, Height int
}

// VP9Frame makes a frame of one picture's layers, lowest first; a picture that
// is not layered has one. Its Parts are the layers' data, which it keeps; its
// Payloads follow RFC 9628 in the non-flexible mode. Picture is the PictureID: the
// caller counts a track's pictures, modulo 2^15.
//
// It is Key when the lowest layer is. It fails when that has no valid frame
// header, when a layer is empty, or when the layers are not in order.
func VP9Frame(picture uint16, layers ...VP9Layer) (*av.Frame, error) {
	if len(layers) == 0 || len(layers) > maxVP9Layers {
		return nil, fmt.Errorf("codecs: VP9: picture of %d layers", len(layers))
	}
	for i, l := range layers {
		if len(l.Data) == 0 {
			return nil, errors.New("codecs: VP9: empty frame")
		}
		if l.ID >= maxVP9Layers || i > 0 && l.ID <= layers[i-1].ID {
			return nil, errors.New("codecs: VP9: spatial layers out of order")
		}
	}
	h, err := vp9Header(layers[0].Data)
	if err != nil {
		return nil, err
	}
	d := vp9Descriptor{picture: picture, layered: len(layers) > 1 || layers[0].ID > 0}
	var f *av.Frame
	if len(layers) == 1 {
		f = newSingle(av.Delta, layers[0].Data)
	} else {
		f = &av.Frame{Parts: make([][]byte, len(layers))}
		for i, l := range layers {
			f.Parts[i] = l.Data
		}
	}
	if vp9Key(h) && layers[0].ID == 0 {
		f.Type = av.Key
		d.structure = vp9Structure(h, layers)
	}
	f.Payloads = vp9Payloads(d, f.Type == av.Key, layers)
	return f, nil
}
