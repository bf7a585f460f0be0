package nut

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	version     = 3
	maxDistance = 65536 // the largest that there is; syncpoints are in front of every frame anyway
	ptsShift    = 14    // timestamps below it would mean something shorter
)

// AppendHeader appends what a stream of that track begins with.
func AppendHeader(b []byte, t Track) []byte {
	b = append(b, fileID...)

	p := appendV(nil, version)
	p = appendV(p, 1) // one stream
	p = appendV(p, maxDistance)
	p = appendV(p, 1) // one time base
	p = appendV(p, 1)
	p = appendV(p, uint64(t.Rate))
	// All frame codes are one: everything is said in the frame. There are 255,
	// since 'N' begins a startcode.
	p = appendV(p, flagCoded)
	p = appendV(p, 6)   // fields
	p = appendS(p, 0)   // pts_delta
	p = appendV(p, 1)   // data_size_mul
	p = appendV(p, 0)   // stream
	p = appendV(p, 0)   // data_size_lsb
	p = appendV(p, 0)   // reserved
	p = appendV(p, 255) // how many
	p = appendV(p, 0)   // elision headers but the empty one
	b = appendPacket(b, mainStartcode, p)

	p = appendV(nil, 0) // the stream's number
	p = appendV(p, uint64(t.Class))
	p = appendBytes(p, []byte(t.FourCC))
	p = appendV(p, 0) // time base
	p = appendV(p, ptsShift)
	p = appendV(p, uint64(t.Rate)*10) // max_pts_distance
	p = appendV(p, uint64(t.Delay))
	p = appendV(p, 0) // flags
	p = appendBytes(p, t.Extra)
	if t.Class == Video {
		p = appendV(p, uint64(t.Width))
		p = appendV(p, uint64(t.Height))
		p = append(p, 1, 1, 0) // square pixels, colours not told here
	} else {
		p = appendV(p, uint64(t.SampleRate))
		p = appendV(p, 1)
		p = appendV(p, uint64(t.Channels))
	}
	b = appendPacket(b, streamCode, p)
	if t.Class == Video && t.FrameRate > 0 {
		b = appendPacket(b, infoCode, frameRateInfo(t.FrameRate))
	}
	return b
}

// frameRateInfo is the info packet by which ffmpeg tells itself the frame rate.
func frameRateInfo(rate float64) []byte {
	p := appendV(nil, 1) // of stream 0
	p = append(p, 0, 0, 0)
	p = appendV(p, 1) // one item
	p = appendBytes(p, []byte("r_frame_rate"))
	p = appendS(p, -1) // UTF-8
	return appendBytes(p, fmt.Appendf(nil, "%d/1000", int(math.Round(1000*rate))))
}

// AppendFrame appends a frame. Timestamps must not be negative.
func AppendFrame(b []byte, f Frame) []byte {
	// A syncpoint in front of every frame keeps each within max_distance of one.
	b = appendPacket(b, syncpointCode, append(appendV(nil, uint64(f.PTS)), 0))
	start := len(b)
	flags := uint64(flagCodedPTS | flagSizeMSB | flagChecksum)
	if f.Key {
		flags |= flagKey
	}
	b = append(b, 0) // frame code
	b = appendV(b, flags)
	b = appendV(b, uint64(f.PTS)+1<<ptsShift) // the whole of it
	b = appendV(b, uint64(len(f.Data)))
	b = binary.BigEndian.AppendUint32(b, checksum(b[start:]))
	return append(b, f.Data...)
}

func appendPacket(b []byte, code uint64, payload []byte) []byte {
	start := len(b)
	b = binary.BigEndian.AppendUint64(b, code)
	size := uint64(len(payload) + 4)
	b = appendV(b, size)
	if size > checksumAlways {
		b = binary.BigEndian.AppendUint32(b, checksum(b[start:]))
	}
	b = append(b, payload...)
	return binary.BigEndian.AppendUint32(b, checksum(payload))
}

// appendV is an unsigned number, seven bits a byte (nut.txt, "v").
func appendV(b []byte, x uint64) []byte {
	shift := 0
	for shift < 63 && x>>(shift+7) != 0 {
		shift += 7
	}
	for ; shift > 0; shift -= 7 {
		b = append(b, byte(x>>shift)|0x80)
	}
	return append(b, byte(x)&0x7f)
}

// appendS is a signed number (nut.txt, "s").
func appendS(b []byte, x int64) []byte {
	if x <= 0 {
		return appendV(b, uint64(-x)<<1)
	}
	return appendV(b, uint64(x)<<1-1)
}

func appendBytes(b, data []byte) []byte {
	return append(appendV(b, uint64(len(data))), data...)
}
