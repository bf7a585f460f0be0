package derive

import "millrace/transmux/av"

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
	return o.Takes(t.Codec) && (o.Reordered || !t.Reordered)
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
