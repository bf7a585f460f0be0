//go:build !noaac

// This file is the only one that touches go-aac, which is licensed under the
// LGPL-2.1-or-later. Building with the tag noaac leaves it, and AAC, out.

package audio

import (
	"errors"
	"fmt"
	"io"

	aacpcm "github.com/tphakala/go-aac/pcm"
)

// maxUnit bounds an access unit in bytes. It is the largest that fits the 13 bits
// of an ADTS frame length; an encoder keeps to 768 a channel (6144 bits,
// ISO/IEC 14496-3 section 4.5.3).
const maxUnit = 8191

// errUnit is a unit that cannot be decoded; it costs that unit only.
var errUnit = errors.New("audio: corrupt access unit")

// decoderAvailable says whether this build can decode AAC at all.
func decoderAvailable() error { return nil }

// decoder turns one access unit at a time into 1024 samples a channel.
//
// go-aac pulls its input from an io.Reader. It looks at no unit but the one it
// decodes, so the reader here simply holds that one unit, and a unit's samples
// are had in the same call: no pipe, no goroutine, nothing to wait for.
type decoder struct {
	format format
	dec    *aacpcm.Decoder
	feed   unitReader
	raw    []byte    // samples as the library gives them: interleaved s16le
	out    []float32 // the same as -1..1, reused
	broken bool      // the library's decoder has ended; it must be reset
}

// unitReader is the io.Reader under the library: a two-byte length, then the unit.
type unitReader struct {
	buf []byte
	off int
}

// errStarved is what the library sees when it asks for more than the one unit.
var errStarved = errors.New("audio: access unit without samples")

func (u *unitReader) set(unit []byte) {
	u.buf = append(u.buf[:0], byte(len(unit)>>8), byte(len(unit)))
	u.buf = append(u.buf, unit...)
	u.off = 0
}

func (u *unitReader) Read(p []byte) (int, error) {
	if u.off == len(u.buf) {
		return 0, errStarved
	}
	n := copy(p, u.buf[u.off:])
	u.off += n
	return n, nil
}

func newDecoder(f format) (*decoder, error) {
	n := unitSamples * f.channels
	d := &decoder{format: f, raw: make([]byte, 2*n), out: make([]float32, n)}
	dec, err := aacpcm.NewDecoder(&d.feed, aacpcm.WithRawStream(f.config()))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	d.dec = dec
	return d, nil
}

// decode returns the unit's samples, interleaved, valid until the next call. An
// error wraps errUnit, and ErrUnsupported too where the unit uses what the
// library does not know. The next unit finds a fresh decoder: the library's ends
// with the first bad unit.
func (d *decoder) decode(unit []byte) ([]float32, error) {
	if len(unit) == 0 || len(unit) > maxUnit {
		d.broken = true // what it remembers does not belong to the next unit
		return nil, fmt.Errorf("%w: %d bytes", errUnit, len(unit))
	}
	if d.broken {
		if err := d.dec.Reset(&d.feed, aacpcm.WithRawStream(d.format.config())); err != nil {
			return nil, fmt.Errorf("%w: %w", errUnit, err)
		}
		d.broken = false
	}
	d.feed.set(unit)
	if err := d.read(); err != nil {
		d.broken = true
		if errors.Is(err, aacpcm.ErrUnsupported) {
			return nil, fmt.Errorf("%w: %w: %w", errUnit, ErrUnsupported, err)
		}
		return nil, fmt.Errorf("%w: %w", errUnit, err)
	}
	for i := range d.out {
		s := int16(uint16(d.raw[2*i]) | uint16(d.raw[2*i+1])<<8)
		d.out[i] = float32(s) / 32768
	}
	return d.out, nil
}

// read runs the library over the one unit. The unit's bytes are a stranger's and
// the library is not ours: should it panic on some of them, that must cost this
// unit and not the process.
func (d *decoder) read() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decoder panicked: %v", p)
		}
	}()
	_, err = io.ReadFull(d.dec, d.raw)
	return err
}
