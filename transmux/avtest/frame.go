package avtest

import (
	"encoding/binary"
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

// Index is the index that a frame was made with.
func Index(f *av.Frame) uint64 { return binary.BigEndian.Uint64(f.Parts[0][1:]) }

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
