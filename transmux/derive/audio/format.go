package audio

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"millrace/transmux/codecs"
)

// Errors of this room, for errors.Is.
var (
	// ErrUnsupported says that the AAC is well-formed and that this build
	// cannot decode it. Words gives what to tell the person who set the encoder.
	ErrUnsupported = errors.New("audio: unsupported AAC")
	// ErrConfig says that an AudioSpecificConfig is malformed.
	ErrConfig = errors.New("audio: malformed AudioSpecificConfig")
)

// Words is what an error of this room that wraps ErrUnsupported says to people.
func Words(err error) string {
	return strings.TrimPrefix(err.Error(), ErrUnsupported.Error()+": ")
}

// format is what the transcoder needs to know of a stream of AAC-LC.
type format struct {
	rate     int // in hertz, one of sampleRates
	channels int // 1 or 2
}

// sampleRates is the table of samplingFrequencyIndex (ISO/IEC 14496-3 table
// 1.18), in hertz.
var sampleRates = []int{
	96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
}

// config is the plainest AudioSpecificConfig for the format (ISO/IEC 14496-3 section
// 1.6.2.1): the decoder is given this one, so that no extension in a publisher's
// can confuse it.
func (f format) config() []byte {
	const aacLC = 2
	v := aacLC<<11 | slices.Index(sampleRates, f.rate)<<7 | f.channels<<3
	return []byte{byte(v >> 8), byte(v)}
}

// Check says whether AAC with this AudioSpecificConfig can be made into Opus.
// It returns nil, an error that wraps ErrUnsupported, or one that wraps
// ErrConfig. It is cheap: no decoder is made.
func Check(asc []byte) error {
	if _, err := parseFormat(asc); err != nil {
		return err
	}
	return decoderAvailable()
}

func parseFormat(asc []byte) (format, error) {
	t, err := codecs.AACTrack(asc)
	if err != nil {
		return format{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	f := format{rate: t.SampleRate, channels: t.Channels}
	switch {
	case t.Profile != "AAC-LC":
		return f, fmt.Errorf("%w: %s cannot be turned into Opus by this build; set the encoder to AAC-LC", ErrUnsupported, t.Profile)
	case f.channels > 2:
		return f, fmt.Errorf("%w: sound of %d channels cannot be turned into Opus by this build; set the encoder to stereo", ErrUnsupported, f.channels)
	case codecs.AACFrameSamples(&t) != unitSamples:
		return f, fmt.Errorf("%w: frames of 960 samples cannot be turned into Opus by this build; set the encoder to frames of 1024 samples", ErrUnsupported)
	case !slices.Contains(sampleRates, f.rate):
		return f, fmt.Errorf("%w: a sample rate of %d Hz cannot be turned into Opus by this build; set the encoder to 48 kHz", ErrUnsupported, f.rate)
	}
	return f, nil
}
