package api

import "millrace/transmux/av"

// Judge says who can be given a track of a stream.
type Judge func(stream string, t *av.Track) Verdict

// Verdict is about browsers first: "pass" as it is, "derive" turned into another,
// "no" not at all; and why, in words for the person who streams.
type Verdict struct {
	Way, Why string
	Players  []Player
}

// Player is a kind of viewer, and how it is given the track.
type Player struct {
	What string `json:"what"` // "browsers (WebRTC)", "RTSP", "RTMP"
	How  string `json:"how"`  // as Verdict.Way
	Why  string `json:"why"`
}
