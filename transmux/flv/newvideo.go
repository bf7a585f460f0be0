package flv

import (
	"errors"
	"fmt"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
)

// av1Config takes an AV1CodecConfigurationRecord (AV1 in ISOBMFF section 2.3.3).
// The sequence header may be in it; else it is in front of the first keyframe.
func (s *source) av1Config(record []byte) (Event, error) {
	const head, mark = 4, 1<<7 | 1
	if len(record) == 0 {
		return Event{}, nil
	}
	if len(record) < head || record[0] != mark {
		return Event{}, fmt.Errorf("flv: AV1 sequence header of %d bytes is none", len(record))
	}
	obus, err := codecs.AV1Split(record[head:])
	if err != nil {
		return Event{}, fmt.Errorf("flv: AV1 sequence header: %w", err)
	}
	t, changed, err := codecs.AV1Update(s.now(av.AV1), obus)
	if err != nil {
		return Event{}, fmt.Errorf("flv: AV1 sequence header: %w", err)
	}
	if !changed {
		return Event{}, nil
	}
	return s.event(s.announce(t), nil), nil
}

// av1Frame takes a temporal unit in the low-overhead format (AV1 specification
// section 5.2).
func (s *source) av1Frame(dts time.Duration, data []byte) (Event, error) {
	obus, err := codecs.AV1Split(data)
	if err != nil {
		return Event{}, fmt.Errorf("flv: AV1 message: %w", err)
	}
	next := s.now(av.AV1)
	t, changed, err := codecs.AV1Update(next, obus)
	if err != nil {
		return Event{}, fmt.Errorf("flv: AV1 message: %w", err)
	}
	if changed {
		next = &t
	}
	if next == nil {
		return Event{}, nil
	}
	f, err := codecs.AV1Frame(next, obus)
	if err != nil {
		return Event{}, fmt.Errorf("flv: AV1 message: %w", err)
	}
	if f != nil {
		f.DTS, f.PTS = dts, dts
	}
	if !changed {
		return s.event(nil, f), nil
	}
	return s.event(s.announce(t), f), nil
}

// vpConfig takes a VPCodecConfigurationRecord (VP codec in ISOBMFF), which says
// nothing that a keyframe does not.
func vpConfig(record []byte) error {
	if n := len(record); n > 0 && n < 8 {
		return fmt.Errorf("flv: VP8 or VP9 sequence header of %d bytes", n)
	}
	return nil
}

// vpFrame takes a frame of VP8 or VP9; the first keyframe says what the track is.
func (s *source) vpFrame(codec av.Codec, dts time.Duration, data []byte) (Event, error) {
	if len(data) == 0 {
		return Event{}, nil
	}
	var track *av.Track
	if codec == av.VP8 {
		if w, h, ok := codecs.VP8Size(data); ok {
			track = s.announce(codecs.VP8Track(w, h))
		}
	} else if w, h, profile, ok := codecs.VP9Size(data); ok {
		if w < 1 || h < 1 {
			return Event{}, errors.New("flv: VP9 keyframe without a picture")
		}
		track = s.announce(codecs.VP9Track(w, h, profile))
	}
	if s.now(codec) == nil {
		return Event{}, nil
	}
	var f *av.Frame
	var err error
	if codec == av.VP8 {
		f, err = codecs.VP8Frame(data)
	} else {
		f, err = codecs.VP9Frame(s.picture&0x7FFF, codecs.VP9Layer{Data: data})
		s.picture++
	}
	if err != nil {
		return Event{}, fmt.Errorf("flv: video message: %w", err)
	}
	f.DTS, f.PTS = dts, dts
	return s.event(track, f), nil
}
