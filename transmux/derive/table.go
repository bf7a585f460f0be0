package derive

import (
	"errors"
	"fmt"

	"millrace/transmux/av"
)

// Way is how a browser can be given a track.
type Way string

// The ways.
const (
	Pass   Way = "pass"   // as it is
	Derive Way = "derive" // turned into another track
	No     Way = "no"     // not at all
)

// recipe is one thing that can be made.
type recipe struct {
	from, to av.Codec
	// check says whether a track of codec from can be used: nil or a refusal.
	check func(source *av.Track) error
	// open begins to make a track of the source. Every frame made is given to
	// emit, which sets its track. It is called from Write, or by a maker with a
	// process of its own from one other goroutine; never after Close returned.
	open func(source *av.Track, emit func(*av.Frame)) (maker, error)
}

// maker is one derivation at work.
type maker interface {
	// Track describes what is made; ID and DerivedFrom are not its business.
	Track() av.Track
	// Write takes the next frame of the source. A refusal says that this source
	// will never do; any other error costs a new maker.
	Write(f *av.Frame) error
	// Trouble is the number of units so far that could not be used.
	Trouble() uint64
	Close()
}

// recipes is all that can be made.
var recipes = []recipe{
	{from: av.AAC, to: av.Opus, check: checkAAC, open: openAAC},
}

// played are the codecs that are sent to browsers as they are.
var played = map[av.Codec]bool{
	av.H264: true, av.VP8: true, av.VP9: true, av.AV1: true,
	av.Opus: true, av.PCMU: true, av.PCMA: true,
}

// refusal is an error that says, to people, why a track cannot be made into another.
type refusal string

func (r refusal) Error() string { return "derive: " + string(r) }

// judge matches a track with what browsers play and what can be made.
func judge(t *av.Track) (Way, string) {
	if played[t.Codec] {
		return Pass, ""
	}
	for i := range recipes {
		rec := &recipes[i]
		if rec.from != t.Codec || !played[rec.to] {
			continue
		}
		var no refusal
		if errors.As(rec.check(t), &no) {
			return No, string(no)
		}
		return Derive, fmt.Sprintf("%s is turned into %s for browsers", name(rec.from), name(rec.to))
	}
	if t.Kind == av.Audio {
		return No, fmt.Sprintf("%s sound cannot be played in browsers; set the encoder to AAC or Opus", name(t.Codec))
	}
	return No, fmt.Sprintf("%s video cannot be played in every browser; set the encoder to H.264", name(t.Codec))
}

// name is the codec's name as encoders' settings spell it.
func name(c av.Codec) string {
	switch c {
	case av.H264:
		return "H.264"
	case av.H265:
		return "H.265"
	case av.Opus:
		return "Opus"
	default:
		return c.String()
	}
}

// source picks the track of the stream that the recipe works on: nil if there is
// none, or if the publisher sends what would be made.
func (rec *recipe) source(tracks []*av.Track) *av.Track {
	var found *av.Track
	for _, t := range tracks {
		switch {
		case t.DerivedFrom != 0:
		case t.Codec == rec.to:
			return nil
		case t.Codec == rec.from && found == nil:
			found = t
		}
	}
	return found
}
