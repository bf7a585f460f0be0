package rtpio

import (
	"encoding/binary"
	"errors"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

var errMP3 = errors.New("malformed MPEG audio payload")

const (
	// mp3Head is the header in front of the sound (RFC 2250 section 3.5): two bytes
	// of nothing, and where in its frame the packet begins.
	mp3Head = 4
	// mp3Clock is MPEG audio's, whatever its sample rate.
	mp3Clock = 90000
)

// depayMP3 reads RFC 2250: frames, or a frame in fragments.
type depayMP3 struct {
	units
	missing int
}

func (d *depayMP3) begins([]byte) bool { return true }
func (d *depayMP3) partial() bool      { return d.missing > 0 }

func (d *depayMP3) add(b []byte, first bool) error {
	if first {
		d.reset()
		d.rate, d.missing = mp3Clock, 0
	}
	if len(b) <= mp3Head {
		return errMP3
	}
	offset := int(binary.BigEndian.Uint16(b[2:]))
	b = b[mp3Head:]
	if offset > 0 || d.missing > 0 {
		return d.goOn(b, offset)
	}
	for len(b) > 0 {
		size, err := mp3Size(b)
		if err != nil {
			return err
		}
		if size > len(b) {
			if len(d.ends) > 0 {
				return errMP3
			}
			d.missing = size - len(b)
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

func (d *depayMP3) goOn(b []byte, offset int) error {
	if offset != len(d.buf) || len(b) > d.missing {
		return errMP3
	}
	d.missing -= len(b)
	if err := d.scratch.add(b...); err != nil || d.missing > 0 {
		return err
	}
	return d.end()
}

func (d *depayMP3) frame(t *av.Track) (*av.Frame, *av.Track, error) {
	if d.missing > 0 {
		return nil, nil, errMP3
	}
	if len(d.ends) == 0 {
		return nil, nil, nil
	}
	channels, rate, samples, err := codecs.MP3Header(d.buf)
	if err != nil {
		return nil, nil, err
	}
	f := codecs.MP3Frame(d.first(samples, rate))
	if rate == t.SampleRate && channels == t.Channels {
		return f, nil, nil
	}
	changed := codecs.MP3Track(channels, rate)
	return f, &changed, nil
}

// Bit rates in kb/s by index (ISO 11172-3 section 2.4.2.3, 13818-3 section 2.4.2.3).
var (
	mp3Rates1 = [...]int{1: 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}
	mp3Rates2 = [...]int{1: 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}
)

// mp3Size is the size in bytes of the frame that begins there.
func mp3Size(b []byte) (int, error) {
	_, rate, samples, err := codecs.MP3Header(b)
	if err != nil {
		return 0, err
	}
	rates, index := &mp3Rates2, int(b[2]>>4)
	if samples == 1152 {
		rates = &mp3Rates1
	}
	if index == 0 || index >= len(rates) {
		return 0, errMP3 // free format has no size to know
	}
	return samples/8*rates[index]*1000/rate + int(b[2]>>1&1), nil
}
