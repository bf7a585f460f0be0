package nut

import "io"

// maxNumber is how many bytes a number may take: 64 bits of which some are used, by
// ffmpeg for what it means by "none".
const maxNumber = 10

// frame reads a frame of that code; the byte that named it has been read.
func (r *Reader) frame(c code) (Frame, error) {
	if r.track == nil {
		return Frame{}, malformed("a frame before the headers")
	}
	h, err := r.head(c)
	if err != nil {
		return Frame{}, err
	}
	var front []byte
	if h.header >= uint64(len(r.elided)) {
		return Frame{}, malformed("elision header %d of %d", h.header, len(r.elided))
	}
	if h.size <= checksumAlways { // larger ones never have one
		front = r.elided[h.header]
	}
	if h.size > maxFrame || h.size < uint64(len(front)) {
		return Frame{}, malformed("a frame of %d bytes", h.size)
	}
	f := Frame{PTS: h.pts, Key: h.flags&flagKey != 0, Data: make([]byte, h.size)}
	n := copy(f.Data, front)
	_, err = io.ReadFull(r.r, f.Data[n:])
	if err != nil {
		return Frame{}, err
	}
	r.lastPTS = h.pts
	if h.flags&flagSideData != 0 {
		return Frame{}, malformed("side data, which version 3 does not have")
	}
	return f, nil
}

// head is a frame's header (nut.txt, "frame").
type head struct {
	flags, size, header uint64
	pts                 int64
}

func (r *Reader) head(c code) (h head, err error) {
	read := func() (x uint64) {
		if err == nil {
			x, err = r.v()
		}
		return x
	}
	flags := c.flags
	if flags&flagCoded != 0 {
		flags ^= read()
	}
	if flags&flagInvalid != 0 {
		return h, malformed("a frame code that stands for nothing")
	}
	stream := c.stream
	if flags&flagStreamID != 0 {
		stream = read()
	}
	h = head{flags: flags, size: c.lsb, header: c.header, pts: r.lastPTS + c.delta}
	if flags&flagCodedPTS != 0 {
		h.pts = r.whole(read())
	}
	if flags&flagSizeMSB != 0 {
		msb := read()
		if msb > maxFrame {
			return h, malformed("a frame of %d times %d bytes", msb, c.mul)
		}
		h.size += c.mul * msb // both below 2^24
	}
	if flags&flagMatchTime != 0 {
		read()
	}
	if flags&flagHeaderIdx != 0 {
		h.header = read()
	}
	reserved := c.reserved
	if flags&flagReserved != 0 {
		reserved = read()
	}
	if reserved > 256 || stream != 0 {
		return h, malformed("%d reserved fields, stream %d", reserved, stream)
	}
	for range reserved {
		read()
	}
	if flags&flagChecksum != 0 && err == nil {
		_, err = r.r.Discard(4)
	}
	return h, err
}

// whole is the timestamp of which only the low bits were sent, or all.
func (r *Reader) whole(coded uint64) int64 {
	if coded >= 1<<r.shift {
		return int64((coded - 1<<r.shift) & (1<<62 - 1))
	}
	// The one nearest to the last (nut.txt, "lsb2full").
	mask := int64(1)<<r.shift - 1
	delta := r.lastPTS - mask/2
	return (int64(coded)-delta)&mask + delta
}

// v reads an unsigned number.
func (r *Reader) v() (x uint64, err error) {
	for range maxNumber {
		b, err := r.r.ReadByte()
		if err != nil {
			return 0, err
		}
		x = x<<7 | uint64(b&0x7f)
		if b&0x80 == 0 {
			return x, nil
		}
	}
	return 0, malformed("a number of more than %d bytes", maxNumber)
}

// fields reads a header's payload; what is not there is zero, and an error.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) err() error {
	if f.short {
		return malformed("a header is cut short")
	}
	return nil
}

func (f *fields) v() (x uint64) {
	for range maxNumber {
		if len(f.b) == 0 {
			break
		}
		b := f.b[0]
		f.b = f.b[1:]
		x = x<<7 | uint64(b&0x7f)
		if b&0x80 == 0 {
			return x
		}
	}
	f.short = true
	return 0
}

func (f *fields) s() int64 {
	x := f.v() + 1
	if x&1 != 0 {
		return -int64(x >> 1)
	}
	return int64(x >> 1)
}

func (f *fields) bytes() []byte {
	n := f.v()
	if n > uint64(len(f.b)) {
		f.short = true
		return nil
	}
	b := f.b[:n:n]
	f.b = f.b[n:]
	return b
}
