// Package flv reads the bodies of RTMP's audio and video messages, which are
// the bodies of FLV tags, and turns them into tracks and frames.
//
// Whoever takes RTMP in calls it, with one Demuxer per publisher. It knows no
// RTMP, no connection and no bus, and starts nothing. Everything in a body is
// the publisher's word and is checked against the body's length before it is
// believed.
//
// The layouts are those of Adobe's "Video File Format Specification 10.1",
// annex E, and for H.264 and AAC in the Enhanced RTMP form (veovera), of which
// this reads the simple packets only.
package flv

import (
	"errors"
	"fmt"

	"millrace/transmux/av"
)

// ErrUnsupported is what Video and Audio return (wrapped) for a codec or a form
// that is known but not read. The text names it and says what to do.
var ErrUnsupported = errors.New("flv: unsupported")

// Event is what one message said: a new configuration, a frame, both, or
// neither. Where both are set the configuration comes first.
type Event struct {
	// Track is set when the track's configuration is new or has changed. Its ID
	// is zero.
	Track *av.Track
	// Frame is set when the message held one. Its Track and Arrived are unset;
	// PTS and DTS are on the message's clock.
	Frame *av.Frame
}

// Demuxer reads one publisher's messages and remembers the configurations they
// announce. The zero value is ready. It is not safe for concurrent use.
type Demuxer struct {
	video *av.Track
	audio *av.Track
	// lengthSize is the number of bytes of a NAL unit's length, 0 before the
	// first sequence header.
	lengthSize int
}

// unsupported says what came and what the streamer should do about it.
func unsupported(what, remedy string) error {
	return fmt.Errorf("%w: %s: %s", ErrUnsupported, what, remedy)
}

const (
	useH264 = "set the encoder to H.264"
	useAAC  = "set the encoder to AAC"
)

// copyOf hands out a description that the caller may complete without touching
// the Demuxer's own.
func copyOf(t *av.Track) *av.Track {
	c := *t
	return &c
}
