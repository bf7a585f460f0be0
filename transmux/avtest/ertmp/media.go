package ertmp

import (
	"bytes"
	_ "embed" // the files below
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

var (
	//go:embed testdata/picture.h265
	h265File []byte
	//go:embed testdata/picture.order
	h265Order string
	//go:embed testdata/av1.ivf
	av1File []byte
	//go:embed testdata/vp9.ivf
	vp9File []byte
	//go:embed testdata/640x360.h264
	largeFile []byte
	//go:embed testdata/320x180.h264
	smallFile []byte
	//go:embed testdata/low.adts
	adtsFile []byte
	//go:embed testdata/high.ogg
	oggFile []byte
)

// picture is the distance of two pictures.
const picture = time.Second / 30

// Picture is an access unit of H.264 or H.265.
type Picture struct {
	NALUs [][]byte // without parameter sets
	Key   bool
	At    time.Duration // DTS
	Later time.Duration // by how much it is shown after that
}

// Elementary is what a file of H.264 or H.265 holds.
type Elementary struct {
	Sets     [][]byte // VPS, SPS, PPS; SPS, PPS
	Pictures []Picture
}

// H265 is two seconds of 640x360 with B-frames and 440 Hz is its sound.
func H265() Elementary {
	e := annexB(h265File, func(n []byte) (kind nal) {
		switch t := n[0] >> 1 & 0x3F; {
		case t >= 32 && t <= 34:
			return nalSet
		case t > 34:
			return nalOther
		case t >= 16:
			return nalKey
		default:
			return nalPicture
		}
	})
	// What is decoded before it is shown by two pictures at most.
	const delay = 2
	for i, s := range strings.Fields(h265Order) {
		shown, err := strconv.Atoi(s)
		if err != nil {
			panic("ertmp: " + err.Error())
		}
		e.Pictures[i].Later = time.Duration(shown+delay-i) * picture
	}
	return e
}

// H264 is two seconds without B-frames: 640x360, or small, 320x180.
func H264(small bool) Elementary {
	file := largeFile
	if small {
		file = smallFile
	}
	return annexB(file, func(n []byte) nal {
		switch n[0] & 0x1F {
		case 7, 8:
			return nalSet
		case 5:
			return nalKey
		case 1:
			return nalPicture
		default:
			return nalOther
		}
	})
}

// nal is what a NAL unit is for here.
type nal uint8

const (
	nalOther nal = iota
	nalSet
	nalKey
	nalPicture
)

// annexB reads a file of pictures of one slice each.
func annexB(file []byte, kindOf func(n []byte) nal) (e Elementary) {
	for _, n := range bytes.Split(file, []byte{0, 0, 1}) {
		n = bytes.TrimRight(n, "\x00")
		if len(n) == 0 {
			continue
		}
		switch kind := kindOf(n); kind {
		case nalSet:
			if len(e.Pictures) == 0 {
				e.Sets = append(e.Sets, n)
			}
		case nalKey, nalPicture:
			e.Pictures = append(e.Pictures, Picture{
				NALUs: [][]byte{n}, Key: kind == nalKey, At: time.Duration(len(e.Pictures)) * picture,
			})
		}
	}
	return e
}

// AV1 is two seconds of 640x360 in temporal units, a keyframe every 30, and the
// sequence header OBU of the first.
func AV1() (units [][]byte, sequenceHeader []byte) {
	units = ivf(av1File)
	// Behind the temporal delimiter, two bytes, comes the sequence header with its
	// size in one byte.
	first := units[0][2:]
	return units, first[:2+first[1]]
}

// VP9 is two seconds of 640x360, a keyframe every 30.
func VP9() (frames [][]byte) { return ivf(vp9File) }

func ivf(file []byte) (frames [][]byte) {
	for file = file[32:]; len(file) > 0; {
		n := 12 + int(binary.LittleEndian.Uint32(file))
		frames = append(frames, file[12:n])
		file = file[n:]
	}
	return frames
}

// AACConfig is the AudioSpecificConfig of AAC's: AAC-LC, 48 kHz, stereo.
func AACConfig() []byte { return []byte{0x11, 0x90} }

// AAC is two seconds of 440 Hz.
func AAC() (units [][]byte) {
	for file := adtsFile; len(file) > 0; {
		n := int(file[3]&3)<<11 | int(file[4])<<3 | int(file[5])>>5
		units = append(units, file[7:n])
		file = file[n:]
	}
	return units
}

// AACUnit is how long a unit of AAC's sounds.
const AACUnit = 1024 * time.Second / 48000

// Opus is two seconds of 880 Hz in packets of 20 ms.
func Opus() (packets [][]byte) {
	for file, page := oggFile, 0; len(file) > 0; page++ {
		segments := file[27 : 27+int(file[26])]
		body := file[27+len(segments):]
		var packet []byte
		for _, s := range segments {
			packet, body = append(packet, body[:s]...), body[s:]
			if s < 255 {
				if page > 1 { // two pages of headers
					packets = append(packets, packet)
				}
				packet = nil
			}
		}
		file = body
	}
	return packets[:100]
}

// OpusPacket is how long a packet of Opus's sounds.
const OpusPacket = 20 * time.Millisecond
