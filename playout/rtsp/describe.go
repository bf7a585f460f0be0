package rtsp

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"millrace/transmux/av"
	"millrace/transmux/rtsp"
)

// The payload types. Where there is an assigned one, old players know no other.
const (
	dynamicVideo = 96
	dynamicAudio = 97
	assignedPCMU = 0
	assignedPCMA = 8
	assignedMPA  = 14
)

// describe says how a track is carried, false where it cannot be.
func describe(t *av.Track) (rtsp.Format, bool) {
	f := rtsp.Format{PayloadType: dynamicVideo, ClockRate: 90000}
	if t.Kind == av.Audio {
		f.PayloadType, f.ClockRate, f.Channels = dynamicAudio, t.ClockRate(), t.Channels
	}
	switch t.Codec {
	case av.H264:
		return f, describeH264(&f, t)
	case av.H265:
		return f, describeH265(&f, t)
	case av.VP8, av.VP9, av.AV1:
		f.Encoding = strings.ToUpper(t.Codec.String())
	case av.Opus:
		f.Encoding, f.Channels = "opus", 2 // always (RFC 7587 section 7)
		if t.Channels == 2 {
			f.Parameters = map[string]string{"sprop-stereo": "1"}
		}
		return f, t.Channels <= 2
	case av.PCMU:
		f.Encoding, f.PayloadType, f.Channels = "PCMU", assignedPCMU, 0
	case av.PCMA:
		f.Encoding, f.PayloadType, f.Channels = "PCMA", assignedPCMA, 0
	case av.AAC:
		return f, describeAAC(&f, t)
	case av.MP3:
		f.Encoding, f.PayloadType, f.ClockRate, f.Channels = "MPA", assignedMPA, 90000, 0
	case av.AC3:
		f.Encoding = "ac3"
		return f, t.SampleRate > 0
	default:
		return f, false
	}
	return f, true
}

// describeH264 is RFC 6184 section 8.1. Without parameter sets there is nothing
// to show yet.
func describeH264(f *rtsp.Format, t *av.Track) bool {
	if len(t.Config) < 2 || len(t.Config[0]) < 4 {
		return false
	}
	sets := make([]string, len(t.Config))
	for i, n := range t.Config {
		sets[i] = base64.StdEncoding.EncodeToString(n)
	}
	f.Encoding = "H264"
	f.Parameters = map[string]string{
		"packetization-mode":   "1",
		"profile-level-id":     fmt.Sprintf("%X", t.Config[0][1:4]),
		"sprop-parameter-sets": strings.Join(sets, ","),
	}
	return true
}

// describeH265 is RFC 7798 section 7.1.
func describeH265(f *rtsp.Format, t *av.Track) bool {
	if len(t.Config) < 3 {
		return false
	}
	var pps []string
	for _, n := range t.Config[2:] {
		pps = append(pps, base64.StdEncoding.EncodeToString(n))
	}
	f.Encoding = "H265"
	f.Parameters = map[string]string{
		"sprop-vps": base64.StdEncoding.EncodeToString(t.Config[0]),
		"sprop-sps": base64.StdEncoding.EncodeToString(t.Config[1]),
		"sprop-pps": strings.Join(pps, ","),
	}
	return true
}

// describeAAC is RFC 3640 section 4.1, mode AAC-hbr.
func describeAAC(f *rtsp.Format, t *av.Track) bool {
	if len(t.Config) == 0 || t.SampleRate <= 0 {
		return false
	}
	f.Encoding = "mpeg4-generic"
	f.Parameters = map[string]string{
		"streamtype": "5", "profile-level-id": "1", "mode": "AAC-hbr",
		"sizelength": "13", "indexlength": "3", "indexdeltalength": "3",
		"config": hex.EncodeToString(t.Config[0]),
	}
	return true
}
