package flv

import (
	"fmt"
	"time"

	"millrace/transmux/av"
)

// Values of SoundFormat, the upper half of an audio message's first byte, beside
// those in mux.go.
const (
	soundExHeader = 9 // Enhanced RTMP's form of the rest
	soundAAC      = 10
	soundMP3At8   = 14 // MP3 at 8 kHz
)

// Values of AACPacketType.
const (
	aacSequenceHeader = 0
	aacRaw            = 1
)

// soundNames are the codecs of an audio message that are not read. 13 was never
// Adobe's, but encoders send it, in more than one form.
var soundNames = [16]string{
	0: "PCM audio", 1: "ADPCM audio", 3: "PCM audio",
	4: "Nellymoser audio", 5: "Nellymoser audio", 6: "Nellymoser audio",
	11: "Speex audio", 13: "Opus audio without Enhanced RTMP", 15: "device-specific audio",
}

// Audio reads the body of an audio message (RTMP type 8) whose timestamp is
// dts. It takes body over: frames share its bytes. An error that is
// ErrUnsupported means the publisher's choice of codec, any other one malformed
// bytes; what was read of a message's other tracks comes with it. Access units
// before the configuration give an empty Event.
func (d *Demuxer) Audio(dts time.Duration, body []byte) (Event, error) {
	if len(body) == 0 {
		return Event{}, nil
	}
	format := body[0] >> 4
	if format == soundExHeader {
		return d.enhanced(av.Audio, dts, body)
	}
	if name := soundNames[format]; name != "" {
		return Event{}, unsupported(name+" cannot be played in browsers", useAAC)
	}
	if len(body) < 2 {
		// An encoder that has nothing to say: silence, as in Enhanced RTMP.
		return Event{}, nil
	}
	s, err := d.audio.get(0)
	if err != nil {
		return Event{}, err
	}
	switch format {
	case soundMP3, soundMP3At8:
		return s.audioFrame(av.MP3, dts, body[1:])
	case soundPCMA:
		return s.pcmFrames(av.PCMA, dts, body[1:])
	case soundPCMU:
		return s.pcmFrames(av.PCMU, dts, body[1:])
	case soundAAC:
	default:
		return Event{}, fmt.Errorf("flv: audio message: no such sound format as %d", format)
	}
	switch body[1] {
	case aacSequenceHeader:
		return s.audioConfig(av.AAC, body[2:])
	case aacRaw:
		return s.audioFrame(av.AAC, dts, body[2:])
	default:
		return Event{}, fmt.Errorf("flv: audio message: no such AAC packet type as %d", body[1])
	}
}
