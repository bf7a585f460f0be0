package wire

import (
	"millrace/transmux/av"
	"millrace/transmux/derive"
)

// Track describes a track with the numbers of its origin.
type Track struct {
	ID          uint32   `json:"id"`
	Codec       string   `json:"codec"`
	Config      [][]byte `json:"config,omitempty"`
	Width       int      `json:"width,omitempty"`
	Height      int      `json:"height,omitempty"`
	SampleRate  int      `json:"sample_rate,omitempty"`
	Channels    int      `json:"channels,omitempty"`
	Profile     string   `json:"profile,omitempty"`
	Rendition   string   `json:"rendition,omitempty"`
	Reordered   bool     `json:"reordered,omitempty"`
	DerivedFrom uint32   `json:"derived_from,omitempty"`
}

// Channel is what one track's frames come under on a link. Form numbers the
// description that frames refer to; a track described anew has another.
type Channel struct {
	Channel uint32 `json:"channel"`
	Form    uint32 `json:"form"`
	Track   Track  `json:"track"`
}

// TrackOf is a track as it goes over the wire; ids is what this node adds to the
// origin's IDs.
func TrackOf(t *av.Track, ids av.TrackID) Track {
	w := Track{
		ID: uint32(t.ID - ids), Codec: t.Codec.String(), Config: t.Config, Width: t.Width, Height: t.Height,
		SampleRate: t.SampleRate, Channels: t.Channels, Profile: t.Profile, Rendition: t.Rendition, Reordered: t.Reordered,
	}
	if t.DerivedFrom != 0 {
		w.DerivedFrom = uint32(t.DerivedFrom - ids)
	}
	return w
}

// AV is the track as the bus has it.
func (t *Track) AV() av.Track {
	codec := codecOf(t.Codec)
	return av.Track{
		ID: av.TrackID(t.ID), Kind: codec.Kind(), Codec: codec, Config: t.Config, Width: t.Width, Height: t.Height,
		SampleRate: t.SampleRate, Channels: t.Channels, Profile: t.Profile, Rendition: t.Rendition,
		Reordered: t.Reordered, DerivedFrom: av.TrackID(t.DerivedFrom),
	}
}

// codecOf finds a codec by its name; zero for one that this version does not know.
func codecOf(name string) av.Codec {
	for c := av.Codec(1); c.String() != "unknown"; c++ {
		if c.String() == name {
			return c
		}
	}
	return 0
}

// WishOf is an offer as it goes over the wire.
func WishOf(o derive.Offer) Wish {
	w := Wish{Reordered: o.Reordered}
	for c := av.Codec(1); c.String() != "unknown"; c++ {
		if o.Takes(c) {
			w.Codecs = append(w.Codecs, c.String())
		}
	}
	return w
}

// Offer is the wish as derive has it, without codecs that are not known here.
func (w *Wish) Offer() derive.Offer {
	var list []av.Codec
	for _, n := range w.Codecs {
		if c := codecOf(n); c != 0 {
			list = append(list, c)
		}
	}
	o := derive.Taking(list...)
	o.Reordered = w.Reordered
	return o
}
