package journal

import (
	"fmt"
	"strings"
)

// Track is something that a publisher sends. What does not belong to its kind, or is
// not known, is empty.
type Track struct {
	Kind       string `json:"kind"`  // "video", "audio"
	Codec      string `json:"codec"` // as SDP spells it: "H264", "opus"
	Profile    string `json:"profile,omitempty"`
	Rendition  string `json:"rendition,omitempty"` // which of several of one picture
	Width      int    `json:"width,omitempty"`     // pixels
	Height     int    `json:"height,omitempty"`
	BFrames    bool   `json:"b_frames,omitempty"`
	SampleRate int    `json:"sample_rate,omitempty"` // hertz
	Channels   int    `json:"channels,omitempty"`
}

// String is the track in words: "H264 High 4.0 1280x720", "AAC AAC-LC 48000 Hz 2 channels".
func (t Track) String() string {
	words := []string{t.Codec}
	add := func(is bool, format string, values ...any) {
		if is {
			words = append(words, fmt.Sprintf(format, values...))
		}
	}
	add(t.Profile != "", "%s", t.Profile)
	add(t.Width > 0 && t.Height > 0, "%dx%d", t.Width, t.Height)
	add(t.BFrames, "with B-frames")
	add(t.SampleRate > 0, "%d Hz", t.SampleRate)
	add(t.Channels > 0, "%d channels", t.Channels)
	add(t.Rendition != "", "(%s)", t.Rendition)
	return strings.Join(words, " ")
}

// Words are several tracks in words.
func Words(tracks []Track) string {
	words := make([]string, len(tracks))
	for i, t := range tracks {
		words[i] = t.String()
	}
	return strings.Join(words, ", ")
}
