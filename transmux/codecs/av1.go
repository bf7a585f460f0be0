package codecs

import (
	"bytes"
	"fmt"

	"millrace/transmux/av"
)

// maxAV1Dimension bounds width and height in pixels: level 6.3, the highest, ends
// at 16 384 by 8 704 (AV1 specification annex A.3).
const maxAV1Dimension = 16384

// maxAV1Sequence bounds a sequence header in bytes. It is 12 as encoders send it
// and cannot reach 400 with every field there is; what follows is its trailing bits.
const maxAV1Sequence = 1024

// AV1Track describes the track that a sequence header OBU announces; Config is
// that OBU, copied, without size field. It fails on what cannot be parsed and on
// pictures beyond every level.
func AV1Track(sequenceHeader []byte) (av.Track, error) {
	if len(sequenceHeader) > maxAV1Sequence {
		return av.Track{}, fmt.Errorf("codecs: AV1: sequence header of %d bytes", len(sequenceHeader))
	}
	config, err := AV1Plain(bytes.Clone(sequenceHeader))
	if err != nil {
		return av.Track{}, err
	}
	s, err := parseAV1Sequence(config)
	if err != nil {
		return av.Track{}, err
	}
	if s.width > maxAV1Dimension || s.height > maxAV1Dimension {
		return av.Track{}, fmt.Errorf("codecs: AV1: picture of %dx%d is beyond every level", s.width, s.height)
	}
	return av.Track{
		Kind: av.Video, Codec: av.AV1, Config: [][]byte{config},
		Width: s.width, Height: s.height, Profile: av1Profile(s),
	}, nil
}

// AV1Update looks for a sequence header among obus (without size fields) that
// changes the track, and returns the track it makes of it; changed is false when
// there is none or it says nothing new. A nil t is a track not yet known. The ID
// and what else t says of its place are kept.
func AV1Update(t *av.Track, obus [][]byte) (updated av.Track, changed bool, err error) {
	for _, o := range obus {
		if len(o) == 0 || av1Type(o) != av1SequenceHeader {
			continue
		}
		if t != nil && len(t.Config) > 0 && bytes.Equal(o, t.Config[0]) {
			return av.Track{}, false, nil
		}
		updated, err = AV1Track(o)
		if err != nil {
			return av.Track{}, false, err
		}
		if t != nil {
			updated.ID, updated.Rendition, updated.DerivedFrom = t.ID, t.Rendition, t.DerivedFrom
		}
		return updated, true, nil
	}
	return av.Track{}, false, nil
}

// AV1Frame makes a frame of one temporal unit's OBUs, none of which may have a
// size field (AV1Plain, AV1Split). Its Parts are the OBUs without temporal
// delimiters, tile lists, padding and empty ones; its Payloads follow AV1's RTP
// specification, version 1.0, but that spatial layers share packets. It is Key
// when it begins with a shown keyframe and has a sequence header; t's is put in
// front of a keyframe without one, where t is not nil.
//
// The frame keeps obus' bytes, and obus itself where nothing had to be left out.
// A nil frame without an error means that there is no picture in it. It fails on
// OBUs that are cut short or still have a size field, and on too many.
func AV1Frame(t *av.Track, obus [][]byte) (*av.Frame, error) {
	if len(obus) > maxParts {
		return nil, fmt.Errorf("codecs: AV1: temporal unit of %d OBUs", len(obus))
	}
	obus = av1Wanted(obus)
	var key, coded, sequence bool
	for _, o := range obus {
		if len(o) < av1HeaderSize(o) || o[0]&(av1Forbidden|av1HasSize) != 0 {
			return nil, fmt.Errorf("codecs: AV1: OBU header %#x", o[0])
		}
		switch av1Type(o) {
		case av1SequenceHeader:
			sequence = true
		case av1FrameHeader, av1FrameOBU:
			if !coded { // the first frame decides; later ones may need it
				coded, key = true, av1Key(o)
			}
		}
	}
	if !coded {
		return nil, nil
	}
	if key && !sequence && t != nil && len(t.Config) > 0 {
		obus = append([][]byte{t.Config[0]}, obus...)
		sequence = true
	}
	f := &av.Frame{Parts: obus}
	if key && sequence {
		f.Type = av.Key
	}
	f.Payloads = av1Payloads(obus, f.Type == av.Key)
	return f, nil
}

// av1Key reads the head of a frame header (AV1 specification section 5.9.2):
// show_existing_frame is 0, frame_type KEY_FRAME, show_frame 1.
func av1Key(obu []byte) bool {
	body := obu[av1HeaderSize(obu):]
	return len(body) > 0 && body[0]>>4 == 0b0001
}

// av1Wanted returns obus without those that RTP does not carry (AV1 RTP
// specification section 5) or that say nothing, and obus itself when it has none.
func av1Wanted(obus [][]byte) [][]byte {
	unwanted := func(o []byte) bool {
		if len(o) == 0 {
			return true
		}
		switch av1Type(o) {
		case av1TemporalDelimiter, av1TileList, av1Padding:
			return true
		default:
			return false
		}
	}
	n := 0
	for _, o := range obus {
		if unwanted(o) {
			n++
		}
	}
	if n == 0 {
		return obus
	}
	kept := make([][]byte, 0, len(obus)-n)
	for _, o := range obus {
		if !unwanted(o) {
			kept = append(kept, o)
		}
	}
	return kept
}
