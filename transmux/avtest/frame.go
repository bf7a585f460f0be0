package avtest

import (
	"encoding/binary"
	"fmt"
	"time"

	"millrace/transmux/av"
)

// headSize is the made-up unit header and the index behind it.
const headSize = 1 + 8

// Frame makes a frame of one part that carries index, cut into as many
// payloads; Arrived and PTS are left at zero. The bytes are no picture: rooms
// that look inside use H264Bidirectional and its kin.
func Frame(track *av.Track, typ av.Type, index uint64, dts time.Duration, payloads int) *av.Frame {
	size := max(headSize, payloads*av.MaxPayload)
	if track.Kind == av.Audio {
		size = 200
	}
	part := make([]byte, size)
	part[0] = header(track, typ)
	binary.BigEndian.PutUint64(part[1:], index)
	f := &av.Frame{Track: track, Type: typ, DTS: dts, PTS: dts, Parts: [][]byte{part}}
	for len(part) > 0 {
		n := min(len(part), av.MaxPayload)
		f.Payloads = append(f.Payloads, av.Payload{Body: part[:n]})
		part = part[n:]
	}
	return f
}

// Index is the index that a frame was made with, zero if Frame did not make it.
func Index(f *av.Frame) uint64 {
	if len(f.Parts) == 0 || len(f.Parts[0]) < headSize {
		return 0
	}
	return binary.BigEndian.Uint64(f.Parts[0][1:])
}

// header is a NAL unit header (RFC 6184 section 1.3) for video, nothing for audio.
func header(track *av.Track, typ av.Type) byte {
	switch {
	case track.Kind == av.Audio:
		return 0
	case typ == av.Key:
		return 0x65
	case typ == av.Bidirectional:
		return 0x01
	default:
		return 0x41
	}
}

// Describe names a frame in a line, for messages of tests; %v would print its bytes.
func Describe(f *av.Frame) string {
	if f == nil || f.Track == nil {
		return "no frame"
	}
	types := [...]string{av.Delta: "delta", av.Key: "key", av.Bidirectional: "bidirectional"}
	return fmt.Sprintf("frame %d of generation %d (track %d, %s, %s, number %d, DTS %v, PTS %v, %d bytes)",
		f.Seq, f.Generation, f.Track.ID, f.Track.Kind, types[f.Type], Index(f), f.DTS, f.PTS, f.Size())
}
