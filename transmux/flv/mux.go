package flv

import (
	"encoding/binary"
	"time"

	"millrace/transmux/av"
)

// Form is how a track's messages are written.
type Form uint8

// The forms.
const (
	// NoForm means that the codec cannot be carried to that peer.
	NoForm Form = iota
	// Legacy is Adobe's: every peer reads it, and it has few codecs.
	Legacy
	// Enhanced names the codec by its FourCC (Enhanced RTMP).
	Enhanced
)

// fourCCs are Enhanced RTMP's names of codecs.
var fourCCs = map[av.Codec]string{
	av.H264: "avc1", av.H265: "hvc1", av.AV1: "av01", av.VP8: "vp08", av.VP9: "vp09",
	av.AAC: "mp4a", av.Opus: "Opus", av.MP3: ".mp3", av.AC3: "ac-3", av.EAC3: "ec-3", av.FLAC: "fLaC",
}

// FourCC is the codec's name in Enhanced RTMP, empty where it has none.
func FourCC(c av.Codec) string { return fourCCs[c] }

// Sound formats of the legacy form that are written here, beside AAC.
const (
	soundMP3  = 2
	soundPCMA = 7
	soundPCMU = 8
)

// FormOf says how the track can be written for a peer that reads the codecs of
// Enhanced RTMP for which takes is true. The legacy form is preferred: there is
// no peer that does not read it.
func FormOf(t *av.Track, takes func(fourCC string) bool) Form {
	switch t.Codec {
	case av.H264, av.AAC, av.PCMA, av.PCMU:
		return Legacy
	case av.MP3:
		if mp3Rate(t.SampleRate) >= 0 {
			return Legacy
		}
	}
	if name := fourCCs[t.Codec]; name != "" && takes(name) {
		return Enhanced
	}
	return NoForm
}

// mp3Rate is the SoundRate of the legacy form, -1 for rates that it has not.
func mp3Rate(rate int) int {
	switch rate {
	case 11025:
		return 1
	case 22050:
		return 2
	case 44100:
		return 3
	default:
		return -1
	}
}

// Header is the body of the message that says how to decode the track, nil for
// codecs without one. It is sent before the first frame and when it changes.
func Header(t *av.Track, form Form) []byte {
	if form == Enhanced {
		record := configRecord(t)
		if record == nil {
			return nil
		}
		return append(appendExHead(nil, t, av.Key, exSequenceStart), record...)
	}
	switch t.Codec {
	case av.H264:
		return append([]byte{frameKey<<4 | codecAVC, avcSequenceHeader, 0, 0, 0}, avcConfigRecord(t)...)
	case av.AAC:
		if len(t.Config) == 0 {
			return nil
		}
		return append([]byte{soundAAC<<4 | soundHiFi, aacSequenceHeader}, t.Config[0]...)
	default:
		return nil
	}
}

// Values of a video message's frame type, and the lower half of an audio
// message's first byte: for AAC always 44 kHz, 16 bits, stereo (annex E.4.2.1).
const (
	frameKey   = 1
	frameInter = 2
	soundHiFi  = 0xF
)

// AppendBody appends the body of the frame's message in the form, composition
// being how much later it is shown than decoded.
func AppendBody(dst []byte, f *av.Frame, form Form, composition time.Duration) []byte {
	if f.Track.Kind == av.Video {
		return appendVideo(dst, f, form, composition)
	}
	return appendParts(appendAudioHead(dst, f.Track, form), f)
}

func appendAudioHead(dst []byte, t *av.Track, form Form) []byte {
	if form == Enhanced {
		return appendExHead(dst, t, av.Delta, exCodedFrames)
	}
	stereo := byte(0)
	if t.Channels > 1 {
		stereo = 1
	}
	const bits16 = 1 << 1
	switch t.Codec {
	case av.AAC:
		return append(dst, soundAAC<<4|soundHiFi, aacRaw)
	case av.MP3:
		return append(dst, soundMP3<<4|byte(mp3Rate(t.SampleRate))<<2|bits16|stereo)
	case av.PCMA:
		return append(dst, soundPCMA<<4|bits16|stereo)
	default:
		return append(dst, soundPCMU<<4|bits16|stereo)
	}
}

func appendVideo(dst []byte, f *av.Frame, form Form, composition time.Duration) []byte {
	ms := int32(min(max(composition, -maxComposition), maxComposition) / time.Millisecond)
	timed := f.Track.Codec == av.H264 || f.Track.Codec == av.H265
	switch {
	case form != Enhanced:
		dst = append(dst, frameType(f.Type)<<4|codecAVC, avcUnits)
	case timed && ms == 0:
		dst = appendExHead(dst, f.Track, f.Type, exCodedFramesX)
		timed = false
	default:
		dst = appendExHead(dst, f.Track, f.Type, exCodedFrames)
	}
	if timed {
		dst = append(dst, byte(ms>>16), byte(ms>>8), byte(ms))
	}
	switch f.Track.Codec {
	case av.H264, av.H265:
		return appendUnits(dst, f)
	case av.AV1:
		return appendOBUs(dst, f)
	default:
		return appendParts(dst, f)
	}
}

// appendExHead appends Enhanced RTMP's head of a message.
func appendExHead(dst []byte, t *av.Track, kind av.Type, packet byte) []byte {
	if t.Kind == av.Audio {
		dst = append(dst, soundExHeader<<4|packet)
	} else {
		dst = append(dst, exVideoHeader|frameType(kind)<<4|packet)
	}
	return append(dst, fourCCs[t.Codec]...)
}

func frameType(t av.Type) byte {
	if t == av.Key {
		return frameKey
	}
	return frameInter
}

func appendParts(dst []byte, f *av.Frame) []byte {
	for _, p := range f.Parts {
		dst = append(dst, p...)
	}
	return dst
}

// appendUnits appends NAL units behind lengths of four bytes, but for those that
// say nothing to a decoder that was given the header: delimiters and filler.
func appendUnits(dst []byte, f *av.Frame) []byte {
	idle := h264Idle
	if f.Track.Codec == av.H265 {
		idle = h265Idle
	}
	for _, p := range f.Parts {
		if len(p) > 0 && !idle(p[0]) {
			dst = append(binary.BigEndian.AppendUint32(dst, uint32(len(p))), p...)
		}
	}
	return dst
}

// h264Idle knows access unit delimiters and filler (ITU-T H.264 table 7-1).
func h264Idle(head byte) bool { return head&0x1F == 9 || head&0x1F == 12 }

// h265Idle likewise (ITU-T H.265 table 7-1).
func h265Idle(head byte) bool { return head>>1&0x3F == 35 || head>>1&0x3F == 38 }

// appendOBUs appends OBUs in the low-overhead format, each with its size (AV1
// specification section 5.2), as the AV1 in ISOBMFF binding has them.
func appendOBUs(dst []byte, f *av.Frame) []byte {
	for _, p := range f.Parts {
		dst = appendOBU(dst, p)
	}
	return dst
}

// appendOBU appends one OBU that has no size field, with one.
func appendOBU(dst, obu []byte) []byte {
	const hasExtension, hasSize = 1 << 2, 1 << 1
	head := 1
	if len(obu) > 0 && obu[0]&hasExtension != 0 {
		head = 2
	}
	if len(obu) < head {
		return dst
	}
	dst = append(dst, obu[0]|hasSize)
	dst = append(dst, obu[1:head]...)
	dst = binary.AppendUvarint(dst, uint64(len(obu)-head)) // LEB128 is the same
	return append(dst, obu[head:]...)
}
