package codecs

import (
	"errors"
	"fmt"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/opus"

	"millrace/transmux/av"
)

// opusRate is Opus's clock in hertz, whatever was recorded (RFC 7587 section 4.1).
const opusRate = 48000

// maxOpusSamples is what a packet may hold: 120 ms (RFC 6716 section 3.1).
const maxOpusSamples = opusRate * 120 / 1000

// OpusTrack describes an Opus track of one or two channels.
func OpusTrack(channels int) av.Track {
	return av.Track{
		Kind:       av.Audio,
		Codec:      av.Opus,
		SampleRate: opusRate,
		Channels:   channels,
		Profile:    "Opus",
	}
}

// OpusFrame makes a frame of one packet; its payload is the packet itself (RFC
// 7587). It keeps packet. RTP cannot split an Opus packet: one that is empty or
// larger than av.MaxPayload, which takes more than 470 kb/s, has no payload.
func OpusFrame(packet []byte) *av.Frame {
	f := &av.Frame{Parts: [][]byte{packet}}
	if len(packet) > 0 && len(packet) <= av.MaxPayload {
		f.Payloads = []av.Payload{{Body: packet}}
	}
	return f
}

// OpusDuration is how long a packet sounds, from its first two bytes (RFC 6716
// section 3.1). It fails on packets that are cut short, hold no frame, or claim
// more than 120 ms.
func OpusDuration(packet []byte) (time.Duration, error) {
	samples := opus.PacketDuration2(packet)
	switch {
	case len(packet) == 0:
		return 0, errors.New("codecs: Opus: empty packet")
	case samples == 0:
		return 0, errors.New("codecs: Opus: packet without frames")
	case samples > maxOpusSamples:
		return 0, fmt.Errorf("codecs: Opus: packet of %d samples, more than 120 ms", samples)
	}
	return time.Duration(samples) * time.Second / opusRate, nil
}
