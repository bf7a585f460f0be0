package flv

import (
	"fmt"
	"time"

	"millrace/transmux/codecs"
)

// Values of SoundFormat, the upper half of an audio message's first byte.
const (
	soundExHeader = 9 // Enhanced RTMP's form of the rest
	soundAAC      = 10
)

// Values of AACPacketType.
const (
	aacSequenceHeader = 0
	aacRaw            = 1
)

// maxAccessUnit bounds an AAC access unit in bytes: 6144 bits a channel (ISO
// 14496-3 section 4.5.3.1) for the 24 channels there can be.
const maxAccessUnit = 24 * 6144 / 8

// soundNames are the codecs of an audio message that are not read. 13 was never
// Adobe's, but encoders send it.
var soundNames = [16]string{
	0: "PCM audio", 1: "ADPCM audio", 2: "MP3 audio", 3: "PCM audio",
	4: "Nellymoser audio", 5: "Nellymoser audio", 6: "Nellymoser audio",
	7: "G.711 A-law audio", 8: "G.711 µ-law audio", 11: "Speex audio", 13: "Opus audio",
	14: "MP3 audio", 15: "device-specific audio",
}

// Audio reads the body of an audio message (RTMP type 8) whose timestamp is
// dts. It takes body over: frames share its bytes. An error that is
// ErrUnsupported means the publisher's choice of codec, any other one malformed
// bytes. Access units before the configuration give an empty Event.
func (d *Demuxer) Audio(dts time.Duration, body []byte) (Event, error) {
	if len(body) == 0 {
		return Event{}, nil
	}
	switch format := body[0] >> 4; format {
	case soundAAC:
	case soundExHeader:
		return d.exAudio(dts, body)
	case 7, 8, 13:
		// Browsers know these, but not the way RTMP carries them.
		return Event{}, unsupported(soundNames[format]+" over RTMP cannot be played", useAAC)
	default:
		if soundNames[format] == "" {
			return Event{}, fmt.Errorf("flv: audio message: no such sound format as %d", format)
		}
		return Event{}, unsupported(soundNames[format]+" cannot be played in browsers", useAAC)
	}
	if len(body) < 2 {
		// An encoder that has nothing to say: silence, as in Enhanced RTMP.
		return Event{}, nil
	}
	switch body[1] {
	case aacSequenceHeader:
		return d.aacConfig(body[2:])
	case aacRaw:
		return d.aacFrame(dts, body[2:])
	default:
		return Event{}, fmt.Errorf("flv: audio message: no such AAC packet type as %d", body[1])
	}
}

// aacConfig takes a sequence header. The same one again says nothing.
func (d *Demuxer) aacConfig(asc []byte) (Event, error) {
	if len(asc) == 0 {
		return Event{}, nil
	}
	t, err := codecs.AACTrack(asc)
	if err != nil {
		return Event{}, fmt.Errorf("flv: AAC sequence header: %w", err)
	}
	if d.audio != nil && sameConfig(d.audio, &t) {
		return Event{}, nil
	}
	d.audio = &t
	return Event{Track: copyOf(d.audio)}, nil
}

// aacFrame takes an access unit.
func (d *Demuxer) aacFrame(dts time.Duration, au []byte) (Event, error) {
	if len(au) > maxAccessUnit {
		return Event{}, fmt.Errorf("flv: AAC access unit of %d bytes, more than %d", len(au), maxAccessUnit)
	}
	if d.audio == nil || len(au) == 0 {
		return Event{}, nil
	}
	f := codecs.AACFrame(au)
	f.DTS, f.PTS = dts, dts
	return Event{Frame: f}, nil
}
