package derive

import (
	"strings"

	"millrace/transmux/av"
)

// Offer is what a viewer can take of a stream. Offers can be compared.
type Offer struct {
	codecs uint32 // a bit each
	// Reordered is true of a viewer that shows B-frames. None over WebRTC does.
	Reordered bool
}

// Taking is the offer of a viewer that takes these codecs, without B-frames.
func Taking(codecs ...av.Codec) Offer {
	var o Offer
	for _, c := range codecs {
		o.codecs |= 1 << c
	}
	return o
}

// Takes says whether the codec is in the offer.
func (o Offer) Takes(c av.Codec) bool { return o.codecs&(1<<c) != 0 }

// Whole says whether the viewer can be given all of the track as it is.
func (o Offer) Whole(t *av.Track) bool {
	return o.Takes(t.Codec) && (o.Reordered || !t.Reordered && Ordinary(t))
}

// unusual are the beginnings of profiles that browsers do not decode: of more than
// eight bits, or with more colour than 4:2:0.
var unusual = map[av.Codec][]string{
	av.H264: {"High 10", "High 4:2:2", "High 4:4:4", "CAVLC", "Extended", "Scalable", "Multiview"},
	av.H265: {"Main 10", "Main 12", "Main 4:", "High Throughput", "Multiview", "Scalable", "3D", "Screen"},
	av.VP9:  {"Profile 1", "Profile 2", "Profile 3"},
	av.AV1:  {"High", "Professional"},
}

// Ordinary says whether the track is of a profile that whoever takes the codec
// takes, too.
func Ordinary(t *av.Track) bool {
	for _, profile := range unusual[t.Codec] {
		if strings.HasPrefix(t.Profile, profile) {
			return false
		}
	}
	return true
}

// served says whether the viewer can be given all of some track of the kind without
// anything being made for it here: a publisher's, or one made elsewhere. own is
// what is made here.
func (o Offer) served(kind av.Kind, tracks []*av.Track, own av.TrackID) bool {
	for _, t := range tracks {
		if t.Kind == kind && t.ID != own && o.Whole(t) {
			return true
		}
	}
	return false
}
