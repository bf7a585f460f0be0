package flv

import (
	"errors"
	"fmt"
	"time"

	"millrace/transmux/av"
)

// exVideo reads one track's packet.
func (s *source) exVideo(codec av.Codec, p exPacket) (Event, error) {
	switch p.kind {
	case exSequenceStart:
		return s.videoConfig(codec, p.body)
	case exCodedFrames:
		composition := time.Duration(0)
		if codec == av.H264 || codec == av.H265 {
			if len(p.body) < 3 {
				return Event{}, errors.New("flv: Enhanced RTMP video message ends within its composition time")
			}
			composition, p.body = compositionTime(p.body), p.body[3:]
		}
		return s.videoFrame(codec, p.dts, composition, p.body)
	case exCodedFramesX:
		return s.videoFrame(codec, p.dts, 0, p.body)
	case exSequenceEnd, exMetadata:
		return Event{}, nil
	case exMPEG2TSStart:
		// AV1's descriptor has no sequence header: that comes with the frames.
		if codec == av.AV1 {
			return Event{}, nil
		}
	}
	return Event{}, unsupported(fmt.Sprintf("Enhanced RTMP video packets of type %d for %s", p.kind, p.fourCC), "send plain packets")
}

func (s *source) videoConfig(codec av.Codec, record []byte) (Event, error) {
	switch codec {
	case av.AV1:
		return s.av1Config(record)
	case av.VP8, av.VP9:
		return Event{}, vpConfig(record)
	default:
		return s.unitConfig(codec, record)
	}
}

func (s *source) videoFrame(codec av.Codec, dts, composition time.Duration, data []byte) (Event, error) {
	switch codec {
	case av.AV1:
		return s.av1Frame(dts, data)
	case av.VP8, av.VP9:
		return s.vpFrame(codec, dts, data)
	default:
		return s.unitFrame(codec, dts, composition, data)
	}
}
