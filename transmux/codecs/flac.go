package codecs

import (
	"bytes"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/flac"

	"millrace/transmux/av"
)

// flacStreamInfo is the size of a STREAMINFO block in bytes, without its header.
const flacStreamInfo = 34

// FLACTrack describes the track that a STREAMINFO block announces (RFC 9639
// section 8.2), which is its Config. The block may have its header of four bytes
// in front, and that the stream's marker "fLaC"; what follows it is left away.
func FLACTrack(info []byte) (av.Track, error) {
	b := bytes.TrimPrefix(info, []byte("fLaC"))
	if len(b) >= 4+flacStreamInfo && b[0]&0x7F == 0 && b[1] == 0 && b[2] == 0 && b[3] == flacStreamInfo {
		b = b[4:]
	}
	var s flac.StreamInfo
	if err := s.Unmarshal(b); err != nil {
		return av.Track{}, fmt.Errorf("codecs: FLAC STREAMINFO: %w", err)
	}
	if rate := int(s.SampleRate); rate < minSampleRate || rate > maxSampleRate {
		return av.Track{}, fmt.Errorf("codecs: FLAC STREAMINFO: sample rate of %d Hz", rate)
	}
	return av.Track{
		Kind: av.Audio, Codec: av.FLAC, Config: [][]byte{bytes.Clone(b[:flacStreamInfo])},
		SampleRate: int(s.SampleRate), Channels: int(s.ChannelCount),
		Profile: fmt.Sprintf("FLAC %d bit", s.BitDepth),
	}, nil
}

// FLACFrame makes a frame of one FLAC frame, which it keeps: Parts only, since no
// browser takes FLAC over RTP.
func FLACFrame(packet []byte) *av.Frame { return newSingle(av.Delta, packet) }
