package whep

import (
	"fmt"
	"slices"
	"strings"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
	"millrace/transmux/derive"
	"millrace/transmux/rtc/description"
)

// sendable are the codecs that go to browsers, those first that play everywhere.
var sendable = map[av.Kind][]av.Codec{
	av.Video: {av.H264, av.VP8, av.VP9, av.AV1},
	av.Audio: {av.Opus, av.PCMU, av.PCMA},
}

// rare are those that some browsers take, on some machines. A stream of them is no
// reason to refuse the others: something else may be made of it.
var rare = map[av.Kind][]av.Codec{av.Video: {av.H265}}

// slot is an m-line of an offer and what may go out on it.
type slot struct {
	media   *description.Media    // until the viewer is settled
	formats []*description.Format // one a codec, what the stream has now first
}

func (s *slot) format(codec av.Codec) *description.Format {
	if s == nil {
		return nil
	}
	for _, f := range s.formats {
		if f.Codec() == codec {
			return f
		}
	}
	return nil
}

// choice is what goes to one viewer; nil where it did not ask for the kind.
type choice struct{ video, audio *slot }

// choose picks a format a codec for each m-line of the offer. A kind or a codec
// that the stream does not have (yet) is answered too, so that a track that comes
// later just starts. makes says whether something is made in the place of a track for
// a viewer of these codecs.
func choose(o *description.Offer, tracks []*av.Track, makes func(t *av.Track, offered []av.Codec) bool) (choice, error) {
	var c choice
	for i := range o.Media {
		m := &o.Media[i]
		s := &slot{media: m}
		present := fitting(m, tracks)
		for _, codec := range slices.Concat(sendable[m.Kind], rare[m.Kind]) {
			f := pick(m.Formats, codec, present)
			if f == nil {
				continue
			}
			kept := *f // the viewer keeps it; the offer, a hundred times as large, can go
			f = &kept
			if present != nil && codec == present.Codec {
				s.formats = slices.Insert(s.formats, 0, f)
			} else {
				s.formats = append(s.formats, f)
			}
		}
		if err := s.lacks(m.Kind, present); err != nil && (len(s.formats) == 0 || !makes(present, s.codecs())) {
			return c, err
		}
		if m.Kind == av.Video {
			c.video = s
		} else {
			c.audio = s
		}
	}
	return c, nil
}

// current is the stream's track of a kind that goes out, nil if there is none yet.
func current(tracks []*av.Track, kind av.Kind) *av.Track {
	for _, t := range tracks {
		if t.Kind == kind && slices.Contains(sendable[kind], t.Codec) {
			return t
		}
	}
	return nil
}

// fitting is the first of these that the m-line has a format for; without one, the
// first of all.
func fitting(m *description.Media, tracks []*av.Track) *av.Track {
	var fit []*av.Track
	for _, t := range tracks {
		if pick(m.Formats, t.Codec, nil) != nil {
			fit = append(fit, t)
		}
	}
	if t := current(fit, m.Kind); t != nil {
		return t
	}
	return current(tracks, m.Kind)
}

// codecs are those that go out on the m-line.
func (s *slot) codecs() []av.Codec {
	if s == nil {
		return nil
	}
	all := make([]av.Codec, len(s.formats))
	for i, f := range s.formats {
		all[i] = f.Codec()
	}
	return all
}

// codecs are all that the viewer takes.
func (c choice) codecs() []av.Codec { return slices.Concat(c.video.codecs(), c.audio.codecs()) }

// lacks refuses a viewer that could see nothing. One that could only not hear is
// let in: the picture plays on.
func (s *slot) lacks(kind av.Kind, present *av.Track) error {
	switch {
	case len(s.formats) == 0:
		return fmt.Errorf("%w: its %s has none of the codecs %v", errLacks, kind, sendable[kind])
	case kind == av.Video && present != nil && s.formats[0].Codec() != present.Codec:
		return fmt.Errorf("%w: the stream is %s, and the offer has no %s that fits", errLacks, present.Codec, present.Codec)
	default:
		return nil
	}
}

// pick is the best format for a codec: for H.264 the one of the best profile,
// else the first.
func pick(formats []description.Format, codec av.Codec, present *av.Track) *description.Format {
	profile := ""
	if present != nil && present.Codec == av.H264 {
		profile = codecs.H264ProfileLevelID(present)
	}
	var best *description.Format
	rank := -1
	for i := range formats {
		f := &formats[i]
		if f.Codec() != codec {
			continue
		}
		r := 0
		if codec == av.H264 {
			r = profileRank(f.Parameters["profile-level-id"], profile)
		}
		if r > rank {
			best, rank = f, r
		}
	}
	return best
}

// profileRank orders profile-level-ids (RFC 6184 section 8.1, hexadecimal
// profile_idc, constraint flags, level) by how well they fit: the stream's own
// profile, then the richest. Browsers offer baseline for reasons of sending, but
// what they decode with takes every 8-bit 4:2:0 profile. The level is no reason
// to refuse: level-asymmetry-allowed is what all of them say, and decode.
func profileRank(offered, stream string) int {
	const same = 10
	if len(stream) >= 2 && len(offered) >= 2 && strings.EqualFold(offered[:2], stream[:2]) {
		return same
	}
	switch {
	case strings.HasPrefix(offered, "64"): // High
		return 3
	case strings.HasPrefix(strings.ToLower(offered), "4d"): // Main
		return 2
	case strings.HasPrefix(offered, "42"): // Baseline
		return 1
	default: // absent means Baseline
		return 0
	}
}

// tracks picks what of a stream goes to a viewer: the rendition it asked for, or
// the best picture; the first sound that it can take.
func (c choice) tracks(all []*av.Track, rendition string) (video, audio *av.Track) {
	for _, t := range all {
		switch {
		case t.Kind == av.Video && c.video.format(t.Codec) != nil:
			if video == nil || better(t, video, rendition) {
				video = t
			}
		case t.Kind == av.Audio && c.audio.format(t.Codec) != nil && audio == nil:
			audio = t
		}
	}
	return video, audio
}

func better(t, than *av.Track, rendition string) bool {
	if rendition != "" && (t.Rendition == rendition) != (than.Rendition == rendition) {
		return t.Rendition == rendition
	}
	return finer(t, than)
}

// finer orders pictures. Last comes one that browsers do not decode, before it one of
// which B-frames would have to be left out, then what was made of these, and first what
// the publisher sends as it should be, the largest of it.
func finer(t, than *av.Track) bool {
	switch {
	case derive.Ordinary(t) != derive.Ordinary(than):
		return derive.Ordinary(t)
	case t.Reordered != than.Reordered:
		return than.Reordered
	case (t.DerivedFrom == 0) != (than.DerivedFrom == 0):
		return t.DerivedFrom == 0
	default:
		return area(t) > area(than)
	}
}
