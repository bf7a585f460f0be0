package audio

import (
	"errors"
	"fmt"
	"time"

	"github.com/thesyncim/gopus"
)

const (
	// opusRate is the only rate Opus has in RTP (RFC 7587 section 4.1), in hertz.
	opusRate = 48000
	// packetSamples is 20 ms, what browsers send themselves and expect by default.
	packetSamples = 960
	// maxPacket bounds a packet in bytes so that it fits one RTP payload
	// (av.MaxPayload); it is 470 kb/s, which 128 kb/s never comes near.
	maxPacket = 1180
	// stereoBitrate and monoBitrate are transparent for music (bits per second).
	stereoBitrate, monoBitrate = 128000, 96000
	// complexity is the lowest that still analyses what it hears; 10 takes half
	// as much CPU again for what nobody hears at these bitrates.
	complexity = 7
)

// errEncoder is a fault of the encoder, not of the source.
var errEncoder = errors.New("audio: opus encoder")

// encoder makes Opus packets of 20 ms out of interleaved samples at 48 kHz.
type encoder struct {
	enc  *gopus.Encoder
	buf  []byte
	size int // samples of a packet, over all channels
}

func newEncoder(channels int) (*encoder, error) {
	enc, err := gopus.NewEncoder(gopus.EncoderConfig{
		SampleRate: opusRate, Channels: channels, Application: gopus.ApplicationAudio,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errEncoder, err)
	}
	bitrate := stereoBitrate
	if channels == 1 {
		bitrate = monoBitrate
	}
	if err := enc.SetBitrate(bitrate); err != nil {
		return nil, fmt.Errorf("%w: %w", errEncoder, err)
	}
	if err := enc.SetComplexity(complexity); err != nil {
		return nil, fmt.Errorf("%w: %w", errEncoder, err)
	}
	return &encoder{enc: enc, buf: make([]byte, maxPacket), size: packetSamples * channels}, nil
}

// lookahead is how much later a sample comes out of a decoder than it went in.
func (e *encoder) lookahead() time.Duration {
	return samplesTime(int64(e.enc.Lookahead()), opusRate)
}

// encode makes one packet of e.size samples. The packet is the caller's. A panic in
// the library would take every stream of the process with it; as an error it costs
// this one track a new transcoder.
func (e *encoder) encode(samples []float32) (packet []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			packet, err = nil, fmt.Errorf("%w: panicked: %v", errEncoder, p)
		}
	}()
	n, err := e.enc.Encode(samples, e.buf)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errEncoder, err)
	}
	if n == 0 {
		return nil, fmt.Errorf("%w: no packet for a full frame", errEncoder)
	}
	return append([]byte(nil), e.buf[:n]...), nil
}
