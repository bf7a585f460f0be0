package flv

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"millrace/transmux/av"
)

// maxTracks bounds a publisher's tracks of a kind. A ladder has six pictures, a
// production some languages; each track costs every viewer's page a line.
const maxTracks = 8

// sources are the tracks of a kind, in the order in which they came.
type sources []*source

// source is what is remembered of one track.
type source struct {
	number uint8
	track  *av.Track // in force
	// lengthSize is the number of bytes of a NAL unit's length, 0 before the
	// first sequence header.
	lengthSize int
	picture    uint16 // VP9's next PictureID
}

// get returns the track of that number, which may be a new one.
func (l *sources) get(number uint8) (*source, error) {
	for _, s := range *l {
		if s.number == number {
			return s, nil
		}
	}
	if len(*l) == maxTracks {
		return nil, unsupported(fmt.Sprintf("more than %d tracks of a kind", maxTracks), "send fewer")
	}
	s := &source{number: number}
	*l = append(*l, s)
	return s, nil
}

// now is the track in force if it is of that codec.
func (s *source) now(codec av.Codec) *av.Track {
	if s.track != nil && s.track.Codec == codec {
		return s.track
	}
	return nil
}

// announce brings a description into force. What it returns is new and the
// caller's to complete; nil if it says what is known.
func (s *source) announce(t av.Track) *av.Track {
	if s.number > 0 {
		t.Rendition = strconv.Itoa(int(s.number))
	}
	if s.track != nil && sameTrack(s.track, &t) {
		return nil
	}
	s.track = &t
	c := t
	return &c
}

// event is one of this track.
func (s *source) event(t *av.Track, f *av.Frame) Event {
	if t == nil && f == nil {
		return Event{}
	}
	return Event{Number: s.number, Track: t, Frame: f}
}

// sameTrack reports whether two descriptions say the same.
func sameTrack(a, b *av.Track) bool {
	return a.Codec == b.Codec && a.Width == b.Width && a.Height == b.Height && a.Profile == b.Profile &&
		a.SampleRate == b.SampleRate && a.Channels == b.Channels && slices.EqualFunc(a.Config, b.Config, bytes.Equal)
}
