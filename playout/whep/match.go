package whep

import (
	"fmt"
	"strings"

	"millrace/transmux/av"
)

// chosen is the payload type that each kind of track goes out as; nil where the
// viewer did not ask for the kind.
type chosen struct{ video, audio *format }

// choose picks a format for each m-line of the offer. A kind that the stream does
// not have (yet) is answered too, so that a track that comes later just starts.
func choose(o *offer, streamProfile string) (chosen, error) {
	var c chosen
	for _, m := range o.media {
		var f *format
		if m.kind == av.Video {
			f = chooseH264(m.formats, streamProfile)
			c.video = f
		} else {
			f = chooseOpus(m.formats)
			c.audio = f
		}
		if f == nil {
			return c, fmt.Errorf("%w: %s", errCannot, lacking(m.kind))
		}
	}
	return c, nil
}

func lacking(kind av.Kind) string {
	if kind == av.Video {
		return "the video is H.264 and the offer has no H264 with packetization-mode=1"
	}
	return "the sound is Opus and the offer has no opus/48000/2"
}

// chooseH264 prefers the stream's own profile, then the richest one offered:
// browsers offer baseline for licence and hardware reasons of sending, but what
// they decode with takes every 8-bit 4:2:0 profile. The level is no reason to
// refuse: level-asymmetry-allowed is what all of them say, and decode.
func chooseH264(formats []format, streamProfile string) *format {
	var best *format
	rank := -1
	for i := range formats {
		f := &formats[i]
		if f.name != "H264" || f.clockRate != 90000 || f.parameters["packetization-mode"] != "1" {
			continue
		}
		if r := profileRank(f.parameters["profile-level-id"], streamProfile); r > rank {
			best, rank = f, r
		}
	}
	return best
}

// profileRank orders profile-level-ids (RFC 6184 section 8.1, hexadecimal
// profile_idc, constraint flags, level) by how well they fit.
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

func chooseOpus(formats []format) *format {
	for i := range formats {
		if f := &formats[i]; f.name == "OPUS" && f.clockRate == 48000 && f.channels == 2 {
			return f
		}
	}
	return nil
}

// tracks picks what of a stream goes to a viewer that chose so.
func tracks(all []*av.Track, c chosen) (video, audio *av.Track) {
	for _, t := range all {
		switch {
		case t.Codec == av.H264 && c.video != nil && video == nil:
			video = t
		case t.Codec == av.Opus && c.audio != nil && audio == nil:
			audio = t
		}
	}
	return video, audio
}
