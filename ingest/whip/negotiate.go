package whip

import (
	"fmt"
	"slices"

	"millrace/transmux/av"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtc/intake"
)

// takeable are the codecs that we take from a publisher.
var takeable = []av.Codec{av.H264, av.VP8, av.VP9, av.AV1, av.Opus, av.PCMU, av.PCMA}

// negotiate picks what we take of an offer: every format that we know, in the
// publisher's order, so that it sends what it prefers.
func negotiate(o *description.Offer) ([]description.AnswerMedia, error) {
	var answers []description.AnswerMedia
	for i := range o.Media {
		m := &o.Media[i]
		a := description.AnswerMedia{Media: m}
		for j := range m.Formats {
			f := &m.Formats[j]
			if slices.Contains(takeable, f.Codec()) && f.Codec().Kind() == m.Kind {
				a.Formats = append(a.Formats, f.Keeping("nack", "nack pli", "ccm fir", "transport-cc"))
			}
		}
		if len(a.Formats) == 0 {
			// The whole offer, not a port of 0: RFC 9725 section 4.4.
			return nil, fmt.Errorf("%w: its %s has none of the codecs %v", description.ErrCannot, m.Kind, takeable)
		}
		for _, uri := range []string{
			description.ExtensionMID, description.ExtensionRID,
			description.ExtensionRepairedRID, description.ExtensionTransportCC,
		} {
			if id := m.Extension(uri); id != 0 {
				a.Extensions = append(a.Extensions, description.Extension{ID: id, URI: uri})
			}
		}
		if m.Kind == av.Video && m.Extension(description.ExtensionRID) != 0 {
			a.RIDs = m.RIDs[:min(len(m.RIDs), intake.MaxLayers)]
		}
		answers = append(answers, a)
	}
	return answers, nil
}
