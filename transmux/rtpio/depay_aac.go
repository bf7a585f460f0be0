package rtpio

import (
	"encoding/binary"
	"errors"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

var errAAC = errors.New("malformed AAC payload")

// AACPacking is how access units are packed into packets. The zero value is
// AAC-hbr of RFC 3640 section 3.3.6, at the track's sample rate.
type AACPacking struct {
	// SizeLength, IndexLength and IndexDeltaLength are the fields of an AU header in
	// bits; SizeLength 0 stands for AAC-hbr's 13, 3 and 3.
	SizeLength, IndexLength, IndexDeltaLength int
	// LATM says that packets carry RFC 6416's AudioMuxElements instead, with the
	// configuration out of band.
	LATM bool
}

func (p AACPacking) withDefaults() AACPacking {
	if p.SizeLength == 0 {
		p.SizeLength, p.IndexLength, p.IndexDeltaLength = 13, 3, 3
	}
	return p
}

// units are the access units of one or more packets.
type units struct {
	scratch
	rate  int // of the RTP clock; 0 is the track's
	left  [][]byte
	ticks uint32 // of a unit
	at    uint32 // of the next one in left, from the packet's timestamp on
}

// first is the first of the collected units; more gives the others.
func (u *units) first(samples, sampleRate int) []byte {
	u.left = u.parts()
	if len(u.left) == 0 {
		return nil
	}
	rate := u.rate
	if rate == 0 {
		rate = sampleRate
	}
	u.ticks = uint32(int64(samples) * int64(rate) / int64(max(sampleRate, 1)))
	u.at = 0
	return u.pop()
}

func (u *units) pop() []byte {
	if len(u.left) == 0 {
		return nil
	}
	unit := u.left[0]
	u.left = u.left[1:]
	return unit
}

func (u *units) more() (*av.Frame, uint32) {
	unit := u.pop()
	if unit == nil {
		return nil, 0
	}
	u.at += u.ticks
	return &av.Frame{Parts: [][]byte{unit}}, u.at
}

// depayAAC reads RFC 3640's modes for AAC: several units in a packet, or one in
// several packets. Interleaving is not understood; nobody interleaves live.
type depayAAC struct {
	units
	packing AACPacking
	missing int // bytes of a unit that goes on in the next packet
	size    int // of that unit
}

func (d *depayAAC) begins([]byte) bool { return true }

func (d *depayAAC) partial() bool { return d.missing > 0 }

func (d *depayAAC) add(b []byte, first bool) error {
	if first {
		d.reset()
		d.missing = 0
	}
	if len(b) < 2 {
		return errAAC
	}
	bits := int(binary.BigEndian.Uint16(b))
	b = b[2:]
	if (bits+7)/8 > len(b) {
		return errAAC
	}
	header := bitReader{b: b[:(bits+7)/8], left: bits}
	b = b[len(header.b):]
	index := d.packing.IndexLength
	for header.left >= d.packing.SizeLength+index {
		size := header.read(d.packing.SizeLength)
		header.read(index)
		index = d.packing.IndexDeltaLength
		if d.missing > 0 {
			return d.goOn(b, size)
		}
		if size > len(b) {
			if len(d.ends) > 0 || len(b) == 0 || size > maxFrame {
				return errAAC
			}
			d.missing, d.size = size-len(b), size
			return d.scratch.add(b...)
		}
		if err := d.scratch.add(b[:size]...); err != nil {
			return err
		}
		if err := d.end(); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// goOn adds the next fragment: its header repeats the size of the whole.
func (d *depayAAC) goOn(b []byte, size int) error {
	if size != d.size || len(b) > d.missing {
		return errAAC
	}
	d.missing -= len(b)
	if err := d.scratch.add(b...); err != nil || d.missing > 0 {
		return err
	}
	return d.end()
}

func (d *depayAAC) frame(t *av.Track) (*av.Frame, *av.Track, error) {
	if d.missing > 0 {
		return nil, nil, errAAC
	}
	unit := d.first(codecs.AACFrameSamples(t), t.SampleRate)
	if unit == nil {
		return nil, nil, nil
	}
	return codecs.AACFrame(unit), nil, nil
}

// bitReader reads numbers of up to 32 bits.
type bitReader struct {
	b    []byte
	at   int
	left int
}

func (r *bitReader) read(n int) (value int) {
	for range n {
		value = value<<1 | int(r.b[r.at/8]>>(7-r.at%8)&1)
		r.at++
		r.left--
	}
	return value
}
