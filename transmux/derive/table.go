package derive

import (
	"errors"
	"fmt"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// Way is how a viewer can be given a track.
type Way string

// The ways.
const (
	Pass   Way = "pass"   // as it is
	Derive Way = "derive" // turned into another track
	No     Way = "no"     // not at all
)

// targets are what is made for viewers that take none of the publisher's tracks
// of a kind: what every browser plays.
var targets = []av.Codec{av.Opus, av.H264}

// recipe is one way of making a target.
type recipe struct {
	to av.Codec
	by string // who makes it, for people
	// changes is how many makers a source's new configurations may cost within a
	// second.
	changes int
	// trouble is what Trouble of its makers counts.
	trouble string
	// check says whether a track can be used: nil or a refusal.
	check func(stream string, source *av.Track) error
	// open begins to make a track.
	open func(o opening) (maker, error)
}

// opening is what a maker begins with.
type opening struct {
	stream *bus.Stream
	source *av.Track
	output output
}

// output takes what a maker makes: from Write, or by a maker with a process of its
// own from one other goroutine; never after Close returned.
type output interface {
	// Announce describes the track, before its first frame and when it changes; ID
	// and DerivedFrom are not the maker's business.
	Announce(t av.Track)
	Write(f *av.Frame)
}

// maker is one derivation at work.
type maker interface {
	// Write takes the next frame of the source. A refusal says that this source
	// will never do; any other error costs a new maker.
	Write(f *av.Frame) error
	// Trouble is the number of units so far that could not be used.
	Trouble() uint64
	// Done is closed when the maker has ended by itself, which Err explains; nil of
	// one that does not.
	Done() <-chan struct{}
	Err() error
	Close()
}

// receiver is a kind of viewer.
type receiver struct {
	what  string
	offer Offer
	// wants is true where tracks are derived for it.
	wants bool
	// some are codecs that only some of its players take, as extra says.
	some  Offer
	extra string
}

// browsers take these over WebRTC, everywhere.
var browsers = Taking(av.H264, av.VP8, av.VP9, av.AV1, av.Opus, av.PCMU, av.PCMA)

// receivers are who can watch.
var receivers = []receiver{
	{what: "browsers (WebRTC)", offer: browsers, wants: true},
	{what: "RTSP", offer: reordered(av.H264, av.H265, av.AV1, av.VP8, av.VP9, av.AAC, av.Opus, av.MP3, av.PCMU, av.PCMA, av.AC3)},
	{
		what: "RTMP", offer: reordered(av.H264, av.AAC, av.MP3),
		some:  reordered(av.H265, av.AV1, av.VP9, av.Opus, av.AC3, av.EAC3, av.FLAC),
		extra: "in players that know Enhanced RTMP",
	},
}

func reordered(codecs ...av.Codec) Offer {
	o := Taking(codecs...)
	o.Reordered = true
	return o
}

// refusal is an error that says, to people, why a track cannot be made into another.
type refusal string

func (r refusal) Error() string { return "derive: " + string(r) }

// makes finds the first recipe for the target that can use the source and is not
// among those that turned out not to. The refusal has the reasons of all.
func (r *Room) makes(target av.Codec, stream string, source *av.Track, tried []*recipe) (*recipe, error) {
	var reasons refusal
	for i := range r.recipes {
		rec := &r.recipes[i]
		if rec.to != target || contains(tried, rec) {
			continue
		}
		err := rec.check(stream, source)
		if err == nil {
			return rec, nil
		}
		var no refusal
		if !errors.As(err, &no) {
			return nil, err
		}
		if reasons != "" && no != "" {
			reasons += "; "
		}
		reasons += no
	}
	return nil, reasons
}

func contains(list []*recipe, rec *recipe) bool {
	for _, one := range list {
		if one == rec {
			return true
		}
	}
	return false
}

// targetOf is what tracks of the kind are made into.
func targetOf(kind av.Kind) av.Codec {
	for _, c := range targets {
		if c.Kind() == kind {
			return c
		}
	}
	return 0
}

// turned tells what is done to a track for browsers.
func turned(t *av.Track, target av.Codec) string {
	if !Ordinary(t) {
		return fmt.Sprintf("%s of the profile %s is encoded anew for browsers", name(t.Codec), t.Profile)
	}
	if t.Codec == target {
		return fmt.Sprintf("%s with B-frames is encoded anew without them for browsers", name(t.Codec))
	}
	return fmt.Sprintf("%s is turned into %s for browsers", name(t.Codec), name(target))
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
	case av.PCMU, av.PCMA:
		return "G.711"
	case av.AC3:
		return "AC-3"
	case av.EAC3:
		return "E-AC-3"
	default:
		return c.String()
	}
}
