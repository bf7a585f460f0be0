package codecs

import (
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/ac3"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/eac3"

	"millrace/transmux/av"
)

// AC3Track describes an AC-3 (Dolby Digital) track; rate is in hertz.
func AC3Track(channels, rate int) av.Track {
	return av.Track{Kind: av.Audio, Codec: av.AC3, SampleRate: rate, Channels: channels, Profile: "AC-3"}
}

// AC3Frame makes a frame of one sync frame, which it keeps: Parts only, since no
// browser takes AC-3 over RTP.
func AC3Frame(packet []byte) *av.Frame { return newSingle(av.Delta, packet) }

// AC3Header reads channels, the low-frequency one included, and sample rate in
// hertz of the sync frame that packet begins with (ETSI TS 102 366 section 4.4).
func AC3Header(packet []byte) (channels, rate int, err error) {
	var sync ac3.SyncInfo
	if err := sync.Unmarshal(packet); err != nil {
		return 0, 0, fmt.Errorf("codecs: AC-3: %w", err)
	}
	var info ac3.BSI
	if err := info.Unmarshal(packet[5:]); err != nil {
		return 0, 0, fmt.Errorf("codecs: AC-3: %w", err)
	}
	return info.ChannelCount(), sync.SampleRate(), nil
}

// EAC3Track describes an E-AC-3 (Dolby Digital Plus) track; rate is in hertz.
func EAC3Track(channels, rate int) av.Track {
	return av.Track{Kind: av.Audio, Codec: av.EAC3, SampleRate: rate, Channels: channels, Profile: "E-AC-3"}
}

// EAC3Frame makes a frame of one access unit's sync frames, which it keeps: Parts
// only, as with AC-3.
func EAC3Frame(packet []byte) *av.Frame { return newSingle(av.Delta, packet) }

// EAC3Header reads channels and sample rate in hertz of the sync frame that packet
// begins with (ETSI TS 102 366 annex E). Channels that dependent substreams add
// are not counted.
func EAC3Header(packet []byte) (channels, rate int, err error) {
	var sync eac3.SyncInfo
	if err := sync.Unmarshal(packet); err != nil {
		return 0, 0, fmt.Errorf("codecs: E-AC-3: %w", err)
	}
	return sync.ChannelCount(), sync.SampleRate(), nil
}
