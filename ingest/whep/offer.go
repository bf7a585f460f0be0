package whep

import (
	"fmt"
	"slices"

	"millrace/transmux/av"
	"millrace/transmux/rtc/description"
)

// The header extensions that we offer to read, by number.
var extensions = []description.Extension{
	{ID: 1, URI: description.ExtensionMID},
	{ID: 2, URI: description.ExtensionTransportCC},
}

// The m-lines of our offers.
const (
	midVideo = "0"
	midAudio = "1"
)

// wanted is what we offer to receive: everything that the house can take, in the
// order in which it costs browsers least.
func wanted() []description.AnswerMedia {
	number := uint8(96) // the first of the dynamic ones, RFC 3551 section 6
	var pictures []*description.Format
	picture := func(name string, parameters map[string]string) {
		pictures = append(pictures, &description.Format{
			PayloadType: number, RTX: number + 1, Name: name, ClockRate: 90000, Parameters: parameters,
			Feedback: []string{"nack", "nack pli", "ccm fir", "transport-cc"},
		})
		number += 2
	}
	// Servers compare profiles: high, main, and the one that everybody has.
	for _, profile := range []string{"640034", "4d0034", "42e034"} {
		picture("H264", map[string]string{"packetization-mode": "1", "profile-level-id": profile})
	}
	picture("VP8", nil)
	picture("VP9", map[string]string{"profile-id": "0"})
	picture("AV1", map[string]string{"profile": "0"})
	sounds := []*description.Format{
		{PayloadType: number, Name: "OPUS", ClockRate: 48000, Channels: 2, Feedback: []string{"nack", "transport-cc"}},
		{PayloadType: 0, Name: "PCMU", ClockRate: 8000, Channels: 1},
		{PayloadType: 8, Name: "PCMA", ClockRate: 8000, Channels: 1},
	}
	return []description.AnswerMedia{
		{Media: &description.Media{Kind: av.Video, MID: midVideo}, Formats: pictures, Extensions: extensions},
		{Media: &description.Media{Kind: av.Audio, MID: midAudio}, Formats: sounds, Extensions: extensions},
	}
}

// agreed is what the answer takes of that.
func agreed(answer *description.Sender) ([]description.AnswerMedia, error) {
	var media []description.AnswerMedia
	for i := range answer.Media {
		m := &answer.Media[i]
		a := description.AnswerMedia{Media: m}
		for j := range m.Formats {
			if f := &m.Formats[j]; f.Codec() != 0 && f.Codec().Kind() == m.Kind && offered(f.Codec()) {
				a.Formats = append(a.Formats, f)
			}
		}
		if len(a.Formats) > 0 {
			media = append(media, a)
		}
	}
	if len(media) == 0 {
		return nil, fmt.Errorf("%w: it names no codec that was offered", description.ErrAnswer)
	}
	return media, nil
}

func offered(c av.Codec) bool {
	return slices.Contains([]av.Codec{av.H264, av.VP8, av.VP9, av.AV1, av.Opus, av.PCMU, av.PCMA}, c)
}
