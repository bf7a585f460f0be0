package flv

import (
	"encoding/binary"
	"math"

	"millrace/transmux/av"
)

// Metadata is what a player is told of a stream before its media.
type Metadata struct {
	Video, Audio         *av.Track // nil where there is none
	VideoForm, AudioForm Form
	FrameRate            float64 // pictures a second, 0 for unknown
	Encoder              string  // empty for unknown
}

// AMF0 markers ("Action Message Format -- AMF 0" section 2.1).
const (
	amfNumber    = 0
	amfBoolean   = 1
	amfString    = 2
	amfECMAArray = 8
	amfObjectEnd = 9
)

// Body is the body of the data message onMetaData. Codecs in the enhanced form
// are named by their FourCC as a number.
func (m *Metadata) Body() []byte {
	b := append([]byte{amfString}, sized("onMetaData")...)
	b = append(b, amfECMAArray)
	countAt := len(b)
	b = append(b, 0, 0, 0, 0)
	count := uint32(0)
	key := func(name string, marker byte) {
		b = append(append(b, sized(name)...), marker)
		count++
	}
	number := func(name string, v float64) {
		key(name, amfNumber)
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(v))
	}
	number("duration", 0) // live
	if t := m.Video; t != nil {
		if t.Width > 0 && t.Height > 0 {
			number("width", float64(t.Width))
			number("height", float64(t.Height))
		}
		if m.FrameRate > 0 {
			number("framerate", m.FrameRate)
		}
		number("videocodecid", codecID(t, m.VideoForm))
	}
	if t := m.Audio; t != nil {
		number("audiosamplerate", float64(t.SampleRate))
		number("audiosamplesize", 16)
		number("audiochannels", float64(t.Channels))
		key("stereo", amfBoolean)
		b = append(b, 0)
		if t.Channels == 2 {
			b[len(b)-1] = 1
		}
		number("audiocodecid", codecID(t, m.AudioForm))
	}
	if m.Encoder != "" {
		key("encoder", amfString)
		b = append(b, sized(m.Encoder)...)
	}
	binary.BigEndian.PutUint32(b[countAt:], count)
	return append(b, 0, 0, amfObjectEnd)
}

// codecID is what onMetaData calls the codec.
func codecID(t *av.Track, form Form) float64 {
	if form == Enhanced {
		return float64(binary.BigEndian.Uint32([]byte(fourCCs[t.Codec])))
	}
	switch t.Codec {
	case av.H264:
		return codecAVC
	case av.AAC:
		return soundAAC
	case av.MP3:
		return soundMP3
	case av.PCMA:
		return soundPCMA
	default:
		return soundPCMU
	}
}

// sized is a short string behind its length.
func sized(s string) []byte {
	s = s[:min(len(s), math.MaxUint16)]
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...)
}
