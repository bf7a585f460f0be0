package intake

import (
	"slices"

	"github.com/pion/rtp"

	"millrace/transmux/av"
	"millrace/transmux/leap"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtpio"
)

// MaxLayers bounds the simulcast layers of one picture; browsers send three.
const MaxLayers = 4

const (
	// maxSources bounds the SSRCs of one publisher: three layers and sound, each
	// with its retransmissions, and again after a restart of the encoder.
	maxSources = 32
	// maxAllLayers bounds the tracks of one publisher.
	maxAllLayers = MaxLayers + 2
)

// layer is one track of the publisher's: the sound, the picture, or one of the
// picture's simulcast layers.
type layer struct {
	media     *description.Media
	rid       string // of a simulcast layer, else empty
	format    *description.Format
	inbound   *rtpio.Inbound
	reception reception
	clock     int // the track's number in the session's clock
	leap      leap.Track
	track     *av.Track
	punctual  punctual
	held      []held      // what the pace keeps back
	earlier   rtpio.Stats // of inbounds before a change of codec
}

func (l *layer) kind() av.Kind { return l.media.Kind }

// source is what an SSRC carries: a layer, or its retransmissions.
type source struct {
	layer   *layer
	repairs bool
}

// source finds where a packet belongs, and remembers it by its SSRC: by what the
// offer said of that, by the layer that it names, by its m-line, or by its
// payload type (RFC 9143 section 9.2).
func (in *sorter) source(h *rtp.Header) (source, bool) {
	if src, known := in.sources[h.SSRC]; known {
		if src.repairs || src.layer.format.PayloadType == h.PayloadType {
			return src, true
		}
		return in.recode(src.layer, h)
	}
	if len(in.sources) == maxSources {
		return source{}, false
	}
	a, f := in.find(h)
	if a == nil {
		return source{}, false
	}
	src := source{repairs: f.RTX == h.PayloadType && f.RTX != 0}
	if src.repairs {
		src.layer = in.repaired(a, h)
	} else {
		src.layer = in.layer(a, f, h)
	}
	if src.layer == nil {
		return source{}, false
	}
	in.sources[h.SSRC] = src
	return src, true
}

// find is the m-line of a packet and the format of its payload type.
func (in *sorter) find(h *rtp.Header) (*description.AnswerMedia, *description.Format) {
	for i := range in.media {
		a := &in.media[i]
		if mid := named(h, a.Media, description.ExtensionMID); mid != "" && mid != a.Media.MID {
			continue
		}
		for _, f := range a.Formats {
			if f.PayloadType == h.PayloadType || f.RTX != 0 && f.RTX == h.PayloadType {
				return a, f
			}
		}
	}
	return nil, nil
}

// named is what a packet says in a header extension, empty if nothing.
func named(h *rtp.Header, m *description.Media, uri string) string {
	id := m.Extension(uri)
	if id == 0 {
		return ""
	}
	return string(h.GetExtension(id))
}

// layer is the one that a packet belongs to, made by its first packet.
func (in *sorter) layer(a *description.AnswerMedia, f *description.Format, h *rtp.Header) *layer {
	rid := ""
	if len(a.RIDs) > 0 {
		rid = named(h, a.Media, description.ExtensionRID)
		if !slices.Contains(a.RIDs, rid) {
			return nil // packets name their layer until we have answered one
		}
	}
	for _, l := range in.layers {
		if l.media == a.Media && l.rid == rid {
			// The encoder began anew under another SSRC.
			l.inbound.Restart()
			in.clock.Restart(l.clock, f.ClockRate)
			l.leap.Restart()
			l.reception = reception{ssrc: h.SSRC, clockRate: f.ClockRate}
			return l
		}
	}
	if len(in.layers) == maxAllLayers {
		return nil
	}
	inbound, err := newInbound(f)
	if err != nil {
		return nil // not among what negotiate takes
	}
	l := &layer{
		media: a.Media, rid: rid, format: f, inbound: inbound,
		reception: reception{ssrc: h.SSRC, clockRate: f.ClockRate},
		clock:     in.clock.Add(a.Media.Kind, f.ClockRate),
	}
	in.layers = append(in.layers, l)
	return l
}

// repaired is the layer whose packets a retransmission repeats.
func (in *sorter) repaired(a *description.AnswerMedia, h *rtp.Header) *layer {
	rid := named(h, a.Media, description.ExtensionRepairedRID)
	at := slices.IndexFunc(a.Media.Sources, func(s description.Source) bool { return s.SSRC == h.SSRC })
	for _, l := range in.layers {
		switch {
		case l.media != a.Media:
		case rid != "" && l.rid == rid:
			return l
		case at >= 0 && a.Media.Sources[at].Repairs == l.reception.ssrc:
			return l
		case rid == "" && at < 0 && l.rid == "":
			return l // there is but one
		}
	}
	return nil // its layer has not begun
}

// recode follows a publisher that changes its codec in mid-stream.
func (in *sorter) recode(l *layer, h *rtp.Header) (source, bool) {
	a, f := in.find(h)
	if a == nil || a.Media != l.media || f.PayloadType != h.PayloadType {
		return source{}, false
	}
	inbound, err := newInbound(f)
	if err != nil {
		return source{}, false
	}
	add(&l.earlier, l.inbound.Stats())
	l.format, l.inbound = f, inbound
	in.clock.Restart(l.clock, f.ClockRate)
	l.reception = reception{ssrc: h.SSRC, clockRate: f.ClockRate}
	return source{layer: l}, true
}

func newInbound(f *description.Format) (*rtpio.Inbound, error) {
	return rtpio.NewInbound(
		av.Track{Kind: f.Codec().Kind(), Codec: f.Codec(), Channels: f.Channels},
		rtpio.Options{Retransmits: slices.Contains(f.Feedback, "nack")},
	)
}
