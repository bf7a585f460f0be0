package rtmp

import (
	"bytes"
	"slices"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/flv"
)

// lane is one kind of message on its way to a player.
type lane struct {
	kind  uint8
	track *av.Track  // as the player was told it last
	last  av.TrackID // its ID
	form  flv.Form
	at    time.Duration // of the newest message
	begun bool

	next uint64 // sound: the sequence number from which on none has been sent
	fill bool   // and it is taken from the ring up to the subscriber
}

// stamp is the message's timestamp, in whole milliseconds as RTMP counts: within
// a lane it only grows.
func (l *lane) stamp(dts time.Duration) time.Duration {
	at := dts.Round(time.Millisecond)
	if l.begun && at < l.at {
		at = l.at
	}
	l.at, l.begun = at, true
	return at
}

func sameConfig(a, b *av.Track) bool {
	return a.Codec == b.Codec && slices.EqualFunc(a.Config, b.Config, bytes.Equal) &&
		a.SampleRate == b.SampleRate && a.Channels == b.Channels
}

// alike tells whether the metadata of two tracks is the same.
func alike(a, b *av.Track) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Codec == b.Codec && a.Width == b.Width && a.Height == b.Height &&
		a.SampleRate == b.SampleRate && a.Channels == b.Channels
}
