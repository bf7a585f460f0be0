package rtmp

import (
	"errors"
	"io"
)

// inlet buffers what comes from a peer, and hands out messages without copying them:
// Take lends a stretch of the buffer, which is never written to again. When no room is
// left behind what is lent, the next buffer begins, and the collector has the last
// one as soon as its frames are gone from the bus.
type inlet struct {
	from io.Reader
	size int // of the buffers to come
	buf  []byte
	lent int   // what is before is somebody else's
	r, w int   // what is read and not taken yet; lent <= r <= w
	err  error // came with the last bytes, and is for who wants more
}

// inletEmpty is how many reads without a byte or an error are forgiven in a row.
const inletEmpty = 100

func newInlet(from io.Reader, size int) *inlet { return &inlet{from: from, size: size} }

// resize is for a peer of whom more is to come, or less. What is buffered stays.
func (in *inlet) resize(size int) {
	in.size = max(size, in.Buffered())
	in.renew()
}

// renew begins a buffer with what was not taken of the last one.
func (in *inlet) renew() {
	next := make([]byte, in.size)
	in.w = copy(next, in.buf[in.r:in.w])
	in.buf, in.r, in.lent = next, 0, 0
}

// fill reads once, so that there is more than before. Whatever nobody was lent is
// written over first: a buffer that is kept for a frame holds little else.
func (in *inlet) fill() error {
	if err := in.err; err != nil {
		in.err = nil
		return err
	}
	if in.r > in.lent {
		in.w = in.lent + copy(in.buf[in.lent:], in.buf[in.r:in.w])
		in.r = in.lent
	}
	if len(in.buf)-in.w < in.size/8 {
		in.renew() // or each read would be a morsel
	}
	for range inletEmpty {
		n, err := in.from.Read(in.buf[in.w:])
		in.w += n
		if n > 0 {
			in.err = err // for the next time
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// need reads until n bytes are there; n is at most half of a buffer.
func (in *inlet) need(n int) error {
	if in.lent+n > len(in.buf) {
		in.renew()
	}
	for in.w-in.r < n {
		if err := in.fill(); err != nil {
			return err
		}
	}
	return nil
}

// Buffered is how much can be had without reading.
func (in *inlet) Buffered() int { return in.w - in.r }

// lends tells whether Take has so many bytes in one piece.
func (in *inlet) lends(n int) bool { return n <= in.size/2 }

// Take gives the next n bytes to the caller for good. Check lends first.
func (in *inlet) Take(n int) ([]byte, error) {
	if err := in.need(n); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // what was announced does not come
		}
		return nil, err
	}
	taken := in.buf[in.r : in.r+n : in.r+n]
	in.r += n
	in.lent = in.r
	return taken, nil
}

// Peek shows the next n bytes, until the next call of anything.
func (in *inlet) Peek(n int) ([]byte, error) {
	if err := in.need(n); err != nil {
		return nil, err
	}
	return in.buf[in.r : in.r+n], nil
}

// Discard passes over n bytes.
func (in *inlet) Discard(n int) (int, error) {
	if err := in.need(n); err != nil {
		return 0, err
	}
	in.r += n
	return n, nil
}

// ReadByte is io.ByteReader's.
func (in *inlet) ReadByte() (byte, error) {
	if err := in.need(1); err != nil {
		return 0, err
	}
	in.r++
	return in.buf[in.r-1], nil
}

// Read is io.Reader's. What is large goes past the buffer.
func (in *inlet) Read(p []byte) (int, error) {
	if in.r == in.w && len(p) >= in.size {
		if err := in.err; err != nil {
			in.err = nil
			return 0, err
		}
		return in.from.Read(p)
	}
	if len(p) > 0 && in.r == in.w {
		if err := in.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, in.buf[in.r:in.w])
	in.r += n
	return n, nil
}
