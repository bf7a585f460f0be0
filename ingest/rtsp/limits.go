package rtsp

import "time"

// limits are how patient the room is.
type limits struct {
	signs  time.Duration // without a packet, a report or a request
	alone  time.Duration // likewise, once the connection is gone over which UDP was agreed on
	media  time.Duration // without a packet, however alive the peer is
	answer time.Duration // of a camera, to one request
	first  time.Duration // packet over UDP, before TCP is tried
}

var defaultLimits = limits{
	// Players and cameras say something every 30 s at least, because a session lasts 60
	// without (RFC 2326 section 12.37).
	signs: 75 * time.Second,
	alone: 10 * time.Second,
	// Cameras that only send when something moves are silent for minutes.
	media:  15 * time.Minute,
	answer: 10 * time.Second,
	first:  3 * time.Second,
}

const (
	// beat is how often a session looks for holes that need not be waited for any
	// longer, and calmBeat where there cannot be any.
	beat     = 10 * time.Millisecond
	calmBeat = 250 * time.Millisecond

	// queueItems and queueBytes bound what waits for a session's goroutine: half a
	// second of 50 Mb/s.
	queueItems = 4096
	queueBytes = 4 << 20

	// maxTracks bounds the media that are taken of one publisher.
	maxTracks = 8
	// maxTrouble packets in a row that nobody can read end a session.
	maxTrouble = 500
	// lyingAfter skipped frames without a single good one it is said that the media
	// are not what was announced.
	lyingAfter = 100
	// maxReorder is by how much pictures may be shown out of order. What goes back
	// further is a clock that was set.
	maxReorder = time.Second
	// maxSets bounds the parameter sets that are read from a session description.
	maxSets = 16
)
