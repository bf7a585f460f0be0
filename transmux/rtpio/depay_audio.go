package rtpio

import (
	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

// packet is the one payload that an audio frame is.
type packet struct{ scratch }

func (d *packet) begins([]byte) bool { return true }

func (d *packet) add(b []byte, _ bool) error {
	d.reset()
	return d.scratch.add(b...)
}

// depayOpus reads RFC 7587: a payload is an Opus packet. What is none is left
// out; a decoder would conceal it, and a browser's does that without being told.
type depayOpus struct{ packet }

func (d *depayOpus) frame(*av.Track) (*av.Frame, *av.Track, error) {
	if _, err := codecs.OpusDuration(d.buf); err != nil {
		return nil, nil, err
	}
	return codecs.OpusFrame(d.bytes()), nil, nil
}

// depayPCM reads G.711 (RFC 3551 section 4.5.14): a payload is its samples.
type depayPCM struct{ packet }

func (d *depayPCM) frame(*av.Track) (*av.Frame, *av.Track, error) {
	f, err := codecs.PCMFrame(d.bytes())
	return f, nil, err
}
