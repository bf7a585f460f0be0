package rtmp

import (
	"slices"

	"millrace/transmux/av"
	"millrace/transmux/derive"
	"millrace/transmux/flv"
)

// readable are the codecs that RTMP can carry, those first that every player reads.
var readable = []av.Codec{
	av.H264, av.H265, av.AV1, av.VP9, av.VP8,
	av.AAC, av.MP3, av.Opus, av.PCMA, av.PCMU, av.FLAC, av.AC3, av.EAC3,
}

// offer is what the player takes, as a deriver wants to know it.
func (p *player) offer() derive.Offer {
	var all []av.Codec
	for _, c := range readable {
		if flv.FormOf(&av.Track{Codec: c, SampleRate: 44100}, p.takes) != flv.NoForm {
			all = append(all, c)
		}
	}
	o := derive.Taking(all...)
	o.Reordered = true
	return o
}

// pick is the track of a kind that goes to the player, nil if there is none: the
// publisher's own before a derived one, the default before a rendition. A
// publisher that sends the same picture in several sizes gives the largest.
func (p *player) pick(tracks []*av.Track, kind av.Kind) *av.Track {
	var best *av.Track
	for _, t := range tracks {
		if t.Kind == kind && flv.FormOf(t, p.takes) != flv.NoForm && (best == nil || better(t, best)) {
			best = t
		}
	}
	if best == nil {
		p.lament(tracks, kind)
	}
	return best
}

func better(t, than *av.Track) bool {
	switch {
	case (t.DerivedFrom == 0) != (than.DerivedFrom == 0):
		return t.DerivedFrom == 0
	case t.Kind == av.Video && t.Rendition != "" && than.Rendition != "":
		return t.Width*t.Height > than.Width*than.Height
	default:
		return t.Rendition == "" && than.Rendition != ""
	}
}

// maxNotes bounds the complaints about codecs that are logged for one player.
const maxNotes = 8

// lament says once which track is left out.
func (p *player) lament(tracks []*av.Track, kind av.Kind) {
	i := slices.IndexFunc(tracks, func(t *av.Track) bool { return t.Kind == kind })
	if i < 0 || len(p.notes) >= maxNotes || slices.Contains(p.notes, tracks[i].Codec) {
		return
	}
	codec := tracks[i].Codec
	p.notes = append(p.notes, codec)
	why := "RTMP cannot carry it"
	if name := flv.FourCC(codec); name != "" {
		why = "the player does not announce that it reads " + name + " (Enhanced RTMP, fourCcList)"
	}
	p.log.Warn("rtmp: track left out", "kind", kind, "codec", codec, "cause", why)
}
