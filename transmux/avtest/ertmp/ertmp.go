// Package ertmp writes Enhanced RTMP as a publisher does, byte by byte from the
// specification (veovera, enhanced-rtmp-v2) and from those of the codecs' own
// headers, and has small clips of real encoders' output to write.
//
// Tests of all rooms that take RTMP use it, and none of the code under test: what
// both had wrong would pass.
package ertmp

// Frame types and packet types, section "Enhanced Video" and "Enhanced Audio".
const (
	Key     = 1
	Inter   = 2
	Command = 5

	SequenceStart        = 0
	CodedFrames          = 1
	SequenceEnd          = 2
	CodedFramesX         = 3
	Metadata             = 4
	MultichannelConfig   = 4
	MPEG2TSSequenceStart = 5

	videoMultitrack = 6
	audioMultitrack = 5
	modEx           = 7
)

// Shapes of a multitrack message.
const (
	OneTrack             = 0
	ManyTracks           = 1
	ManyTracksManyCodecs = 2
)

// Video is the body of a video message of one track.
func Video(frameType, packetType byte, fourCC string, payload ...byte) []byte {
	return append(append([]byte{0x80 | frameType<<4 | packetType}, fourCC...), payload...)
}

// Audio is the body of an audio message of one track.
func Audio(packetType byte, fourCC string, payload ...byte) []byte {
	return append(append([]byte{9<<4 | packetType}, fourCC...), payload...)
}

// Track is one track of a multitrack message.
type Track struct {
	ID      byte
	FourCC  string
	Payload []byte
}

// VideoTracks is the body of a video message of several tracks, or of one that is
// not the default. The first one's FourCC is all of theirs unless the shape has many.
func VideoTracks(frameType, packetType, shape byte, tracks ...Track) []byte {
	return appendTracks([]byte{0x80 | frameType<<4 | videoMultitrack}, packetType, shape, tracks)
}

// AudioTracks is the same for audio.
func AudioTracks(packetType, shape byte, tracks ...Track) []byte {
	return appendTracks([]byte{9<<4 | audioMultitrack}, packetType, shape, tracks)
}

func appendTracks(b []byte, packetType, shape byte, tracks []Track) []byte {
	b = append(b, shape<<4|packetType)
	if shape != ManyTracksManyCodecs {
		b = append(b, tracks[0].FourCC...)
	}
	for _, t := range tracks {
		if shape == ManyTracksManyCodecs {
			b = append(b, t.FourCC...)
		}
		b = append(b, t.ID)
		if shape != OneTrack {
			n := len(t.Payload)
			b = append(b, byte(n>>16), byte(n>>8), byte(n))
		}
		b = append(b, t.Payload...)
	}
	return b
}

// ModEx puts a modifier in front of a message: data of the given type.
func ModEx(body []byte, kind byte, data ...byte) []byte {
	b := []byte{body[0]&0xF0 | modEx}
	if n := len(data); n < 256 {
		b = append(b, byte(n-1))
	} else {
		b = append(b, 255, byte((n-1)>>8), byte(n-1))
	}
	b = append(b, data...)
	b = append(b, kind<<4|body[0]&0x0F)
	return append(b, body[1:]...)
}

// Nano puts a timestamp offset in nanoseconds in front of a message.
func Nano(body []byte, ns int) []byte {
	return ModEx(body, 0, byte(ns>>16), byte(ns>>8), byte(ns))
}

// Later is a composition time in milliseconds, as CodedFrames of avc1 and hvc1
// begin with.
func Later(ms int, data []byte) []byte {
	return append([]byte{byte(ms >> 16), byte(ms >> 8), byte(ms)}, data...)
}
