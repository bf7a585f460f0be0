package codecs

import (
	"errors"
	"fmt"

	"millrace/transmux/av"
)

// MP3Track describes an MPEG-1 or MPEG-2 audio layer III track; rate is in hertz.
func MP3Track(channels, rate int) av.Track {
	return av.Track{Kind: av.Audio, Codec: av.MP3, SampleRate: rate, Channels: channels, Profile: "MP3"}
}

// MP3Frame makes a frame of one packet, which it keeps: Parts only, since MP3
// never travels over RTP to a browser.
func MP3Frame(packet []byte) *av.Frame { return newSingle(av.Delta, packet) }

// mp3Rates are the sample rates of MPEG-1; those of MPEG-2 are the half, of
// MPEG-2.5 a quarter.
var mp3Rates = [...]int{44100, 48000, 32000}

// MP3Header reads channels, sample rate in hertz and samples of the frame that
// packet begins with (ISO 11172-3 section 2.4.1.3).
func MP3Header(packet []byte) (channels, rate, samples int, err error) {
	if len(packet) < 4 || packet[0] != 0xFF || packet[1]&0xE0 != 0xE0 {
		return 0, 0, 0, errors.New("codecs: MP3: no frame header")
	}
	version, layer, index := packet[1]>>3&3, packet[1]>>1&3, packet[2]>>2&3
	if version == 1 || layer != 1 || index == 3 {
		return 0, 0, 0, fmt.Errorf("codecs: MPEG audio of version %d, layer code %d, rate index %d is not MP3", version, layer, index)
	}
	rate, samples = mp3Rates[index], 1152
	if version != 3 {
		rate, samples = rate/2, samples/2
	}
	if version == 0 {
		rate /= 2
	}
	channels = 2
	if packet[3]>>6 == 3 {
		channels = 1
	}
	return channels, rate, samples, nil
}
