package flv

import (
	"errors"
	"fmt"
	"time"
)

// Packet types of Enhanced RTMP (veovera, enhanced-rtmp-v2), the same for video
// and audio as far as both have them.
const (
	exSequenceStart = 0
	exCodedFrames   = 1
	exSequenceEnd   = 2
	exCodedFramesX  = 3 // video: no composition time
	exMetadata      = 4 // video: colours; audio: multichannel configuration
	exMultitrack    = 6
	exMultitrackA   = 5 // audio's number for it
	exModEx         = 7
)

// exNames are the codecs' FourCCs in words.
var exNames = map[string]string{
	"hvc1": "HEVC video", "vvc1": "VVC video", "av01": "AV1 video",
	"vp08": "VP8 video", "vp09": "VP9 video",
	"Opus": "Opus audio", "fLaC": "FLAC audio", ".mp3": "MP3 audio",
	"ac-3": "AC-3 audio", "ec-3": "E-AC-3 audio",
}

// exVideo reads a video message with Enhanced RTMP's header.
func (d *Demuxer) exVideo(dts time.Duration, body []byte) (Event, error) {
	frameType, packet := body[0]>>4&7, body[0]&0x0F
	switch {
	case packet == exMetadata, frameType == frameCommand:
		return Event{}, nil
	case packet == exMultitrack:
		return Event{}, unsupported("Enhanced RTMP multitrack video", "send a single track")
	case packet == exModEx:
		return Event{}, unsupported("Enhanced RTMP video with ModEx", "turn off nanosecond timestamps in the encoder")
	}
	if len(body) < 5 {
		return Event{}, fmt.Errorf("flv: Enhanced RTMP video message of %d bytes", len(body))
	}
	if fourCC := string(body[1:5]); fourCC != "avc1" {
		return Event{}, exUnsupported(fourCC, useH264)
	}
	body = body[5:]
	switch packet {
	case exSequenceStart:
		return d.avcConfig(body)
	case exCodedFrames:
		if len(body) < 3 {
			return Event{}, errors.New("flv: Enhanced RTMP video message ends within its composition time")
		}
		return d.avcFrame(dts, compositionTime(body), body[3:])
	case exCodedFramesX:
		return d.avcFrame(dts, 0, body)
	case exSequenceEnd:
		return Event{}, nil
	default:
		return Event{}, fmt.Errorf("flv: Enhanced RTMP video message: no such packet type as %d for avc1", packet)
	}
}

// exAudio reads an audio message with Enhanced RTMP's header.
func (d *Demuxer) exAudio(dts time.Duration, body []byte) (Event, error) {
	packet := body[0] & 0x0F
	switch packet {
	case exMultitrackA:
		return Event{}, unsupported("Enhanced RTMP multitrack audio", "send a single track")
	case exModEx:
		return Event{}, unsupported("Enhanced RTMP audio with ModEx", "turn off nanosecond timestamps in the encoder")
	}
	if len(body) < 5 {
		return Event{}, fmt.Errorf("flv: Enhanced RTMP audio message of %d bytes", len(body))
	}
	if fourCC := string(body[1:5]); fourCC != "mp4a" {
		return Event{}, exUnsupported(fourCC, useAAC)
	}
	switch packet {
	case exSequenceStart:
		return d.aacConfig(body[5:])
	case exCodedFrames:
		return d.aacFrame(dts, body[5:])
	case exSequenceEnd, exMetadata:
		return Event{}, nil
	default:
		return Event{}, fmt.Errorf("flv: Enhanced RTMP audio message: no such packet type as %d for mp4a", packet)
	}
}

// exUnsupported names a codec by its FourCC, quoted since it may be anything.
func exUnsupported(fourCC, remedy string) error {
	name, ok := exNames[fourCC]
	if !ok {
		name = "a codec of an unknown kind"
	}
	return unsupported(fmt.Sprintf("%s (%q over Enhanced RTMP) is not read yet", name, fourCC), remedy)
}
