package codecs

import (
	"errors"
	"fmt"

	"millrace/transmux/av"
)

// PCMTrack describes a G.711 track, av.PCMU or av.PCMA: 8 kHz, one channel (RFC
// 3551 section 4.5.14).
func PCMTrack(codec av.Codec) av.Track {
	profile := "G.711 µ-law"
	if codec == av.PCMA {
		profile = "G.711 A-law"
	}
	return av.Track{Kind: av.Audio, Codec: codec, SampleRate: 8000, Channels: 1, Profile: profile}
}

// PCMFrame makes a frame of one packet's samples, a byte each; its payload is
// the packet itself. It keeps samples. A packet that is empty or larger than
// av.MaxPayload, which is 147 ms where 20 are usual, is an error.
func PCMFrame(samples []byte) (*av.Frame, error) {
	if len(samples) == 0 {
		return nil, errors.New("codecs: G.711: empty packet")
	}
	if len(samples) > av.MaxPayload {
		return nil, fmt.Errorf("codecs: G.711: packet of %d samples, more than %d", len(samples), av.MaxPayload)
	}
	f := newSingle(av.Delta, samples)
	f.Payloads = []av.Payload{{Body: samples}}
	return f, nil
}
