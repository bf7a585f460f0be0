package nut

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	// maxPacket bounds headers: a main header is a few hundred bytes, a stream's
	// has the codec's configuration.
	maxPacket = 64 << 10
	// maxFrame bounds a frame: 4K at 200 Mb/s makes keyframes of 4 MiB.
	maxFrame = 16 << 20
	// maxElided is how many beginnings of frames a main header may list.
	maxElided = 128
)

// ErrMalformed is what every complaint about the bytes wraps.
var ErrMalformed = errors.New("nut: malformed")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// code is what a frame's first byte stands for.
type code struct {
	flags, stream, mul, lsb, reserved, header uint64
	delta                                     int64
}

// Reader reads a stream of one track.
type Reader struct {
	r       *bufio.Reader
	begun   bool
	num     uint64 // of the time base
	den     uint64
	codes   [256]code
	elided  [][]byte
	track   *Track
	shift   uint64
	lastPTS int64
}

// NewReader reads from r, which it reads ahead of what it returns.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, 64<<10)} }

// Track is the track, nil before the first frame.
func (r *Reader) Track() *Track { return r.track }

// Next is the next frame. It fails with the error of the reader below, with io.EOF
// at the end, or with ErrMalformed, after any of which there is nothing to be had.
func (r *Reader) Next() (Frame, error) {
	if !r.begun {
		id := make([]byte, len(fileID))
		if _, err := io.ReadFull(r.r, id); err != nil {
			return Frame{}, err
		}
		if string(id) != fileID {
			return Frame{}, malformed("it begins with %q", id)
		}
		r.begun = true
	}
	for {
		first, err := r.r.ReadByte()
		if err != nil {
			return Frame{}, err
		}
		if first == firstStartByte {
			if err := r.packet(); err != nil {
				return Frame{}, err
			}
			continue
		}
		f, err := r.frame(r.codes[first])
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return f, err
	}
}

// packet reads what is no frame; its first byte has been.
func (r *Reader) packet() error {
	var head [8]byte
	head[0] = firstStartByte
	if _, err := io.ReadFull(r.r, head[1:]); err != nil {
		return err
	}
	size, err := r.v()
	if err != nil {
		return err
	}
	if size < 4 || size > maxPacket {
		return malformed("a header of %d bytes", size)
	}
	if size > checksumAlways {
		if _, err := r.r.Discard(4); err != nil {
			return err
		}
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r.r, body); err != nil {
		return err
	}
	payload := body[:size-4]
	if checksum(payload) != binary.BigEndian.Uint32(body[size-4:]) {
		return malformed("a header's checksum is wrong")
	}
	f := fields{b: payload}
	switch binary.BigEndian.Uint64(head[:]) {
	case mainStartcode:
		return r.main(&f)
	case streamCode:
		return r.stream(&f)
	case syncpointCode:
		return r.syncpoint(&f)
	default: // indexes and infos are not needed
		return nil
	}
}

func (r *Reader) main(f *fields) error {
	if v := f.v(); v < 2 || v > 4 {
		return malformed("version %d", v)
	} else if v == 4 {
		f.v() // minor version
	}
	if n := f.v(); n != 1 {
		return malformed("%d streams", n)
	}
	f.v() // max_distance
	if n := f.v(); n != 1 {
		return malformed("%d time bases", n)
	}
	r.num, r.den = f.v(), f.v()
	if r.num == 0 || r.den == 0 || r.num > 1<<31 || r.den > 1<<31 {
		return malformed("time base %d/%d", r.num, r.den)
	}
	if err := r.readCodes(f); err != nil {
		return err
	}
	r.elided = [][]byte{nil}
	if len(f.b) > 0 {
		n := f.v()
		if n > maxElided {
			return malformed("%d elision headers", n)
		}
		for range n {
			r.elided = append(r.elided, f.bytes())
		}
	}
	return f.err()
}

// readCodes reads what the frame codes stand for (nut.txt, "main_header").
func (r *Reader) readCodes(f *fields) error {
	c := code{mul: 1}
	for i := 0; i < 256; {
		c.flags = f.v()
		n := f.v()
		c.lsb, c.reserved = 0, 0 // the others stay
		var count uint64
		counted := false
		for field := range min(n, 64) {
			switch field {
			case 0:
				c.delta = f.s()
			case 1:
				c.mul = f.v()
			case 2:
				c.stream = f.v()
			case 3:
				c.lsb = f.v()
			case 4:
				c.reserved = f.v()
			case 5:
				count, counted = f.v(), true
			case 7:
				c.header = f.v()
			default:
				f.v()
			}
		}
		if !counted {
			count = c.mul - c.lsb
		}
		if err := f.err(); err != nil {
			return err
		}
		if count == 0 || count > 256 || c.mul > maxFrame || c.lsb > maxFrame {
			return malformed("frame codes")
		}
		for ; count > 0 && i < 256; i++ {
			if i == firstStartByte {
				r.codes[i].flags = flagInvalid
				continue
			}
			r.codes[i] = c
			c.lsb++
			count--
		}
	}
	return nil
}

func (r *Reader) stream(f *fields) error {
	t := &Track{}
	f.v() // its number: there is one
	t.Class = Class(f.v())
	t.FourCC = string(f.bytes())
	f.v() // time base: there is one
	r.shift = f.v()
	f.v() // max_pts_distance
	t.Delay = int(min(f.v(), 1000))
	f.v() // flags
	t.Extra = f.bytes()
	if t.Class == Video {
		t.Width, t.Height = int(min(f.v(), 1<<20)), int(min(f.v(), 1<<20))
	} else {
		rate, by := f.v(), f.v()
		t.SampleRate = int(min(rate/max(by, 1), 1<<20))
		t.Channels = int(min(f.v(), 256))
	}
	if r.den == 0 || r.shift > 16 {
		return malformed("a stream header before its time base, or a shift of %d", r.shift)
	}
	t.Rate = int(r.den / r.num)
	r.track = t
	return f.err()
}

func (r *Reader) syncpoint(f *fields) error {
	r.lastPTS = int64(f.v() & (1<<62 - 1)) // one time base: no remainder
	return f.err()
}
