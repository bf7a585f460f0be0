package flv

import (
	"errors"
	"fmt"

	"millrace/transmux/av"
)

// Values of AudioChannelOrder in a multichannel configuration.
const (
	orderNative = 1
	orderCustom = 2
)

// exAudio reads one track's packet.
func (s *source) exAudio(codec av.Codec, p exPacket) (Event, error) {
	switch p.kind {
	case exSequenceStart:
		return s.audioConfig(codec, p.body)
	case exCodedFrames:
		return s.audioFrame(codec, p.dts, p.body)
	case exSequenceEnd:
		return Event{}, nil
	case exMetadata:
		return Event{}, checkChannels(p.body)
	default:
		return Event{}, unsupported(fmt.Sprintf("Enhanced RTMP audio packets of type %d for %s", p.kind, p.fourCC), "send plain packets")
	}
}

// checkChannels reads a multichannel configuration. Which loudspeaker a channel is
// for is the codec's to say as well; nothing is kept.
func checkChannels(b []byte) error {
	if len(b) < 2 {
		return errors.New("flv: Enhanced RTMP multichannel configuration is cut short")
	}
	order, count, need := b[0], int(b[1]), 0
	switch {
	case order == orderCustom:
		need = count
	case order == orderNative:
		need = 4
	case order > orderCustom:
		return fmt.Errorf("flv: Enhanced RTMP multichannel configuration: no such order as %d", order)
	}
	if len(b)-2 < need {
		return errors.New("flv: Enhanced RTMP multichannel configuration is cut short")
	}
	return nil
}
