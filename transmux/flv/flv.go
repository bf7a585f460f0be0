// Package flv reads the bodies of RTMP's audio and video messages, which are
// the bodies of FLV tags, and turns them into tracks and frames; and it writes
// such bodies, and onMetaData, for players (mux.go and its siblings).
//
// Whoever takes RTMP in calls it, with one Demuxer per publisher. It knows no
// RTMP, no connection and no bus, and starts nothing. Everything in a body is
// the publisher's word and is checked against the body's length before it is
// believed.
//
// The layouts are those of Adobe's "Video File Format Specification 10.1",
// annex E, and of Enhanced RTMP (veovera, enhanced-rtmp-v2), all of whose packets
// are read: several tracks in a message, ModEx, and the codecs by their FourCC but
// for VVC, which nobody plays. Colours and channel orders are read past: the codecs'
// own headers say the same.
package flv

import (
	"errors"
	"fmt"

	"millrace/transmux/av"
)

// ErrUnsupported is what Video and Audio return (wrapped) for a codec or a form
// that is known but not read. The text names it and says what to do.
var ErrUnsupported = errors.New("flv: unsupported")

// Event is what one message said of one track: a new configuration, a frame,
// both, or neither. Where both are set the configuration comes first.
type Event struct {
	// Number tells a publisher's tracks of a kind apart: Enhanced RTMP's trackId, 0
	// for the default track and where there is no other.
	Number uint8
	// Track is set when the track's configuration is new or has changed. Its ID is
	// zero; its Rendition is Number in decimal, empty for 0.
	Track *av.Track
	// Frame is set when the message held one. Its Track and Arrived are unset;
	// PTS and DTS are on the message's clock.
	Frame *av.Frame
	// Next is what the message said besides, of this track or of another: nil but
	// for messages of several tracks.
	Next *Event
}

// Demuxer reads one publisher's messages and remembers the configurations they
// announce. The zero value is ready. It is not safe for concurrent use.
type Demuxer struct {
	video, audio sources
}

// unsupported says what came and what the streamer should do about it.
func unsupported(what, remedy string) error {
	return fmt.Errorf("%w: %s: %s", ErrUnsupported, what, remedy)
}

const (
	useH264 = "set the encoder to H.264"
	useAAC  = "set the encoder to AAC"
)

// chain makes one event of two messages' worth.
func chain(first, next Event) Event {
	if first == (Event{}) {
		return next
	}
	if next != (Event{}) {
		last := &first
		for last.Next != nil {
			last = last.Next
		}
		last.Next = &next
	}
	return first
}
