package api

import (
	"context"
	"math"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// ListDerived is of the tracks that stand in the rings now.
func (o operations) ListDerived(ctx context.Context, r ListDerivedRequestObject) (ListDerivedResponseObject, error) {
	only := r.Params.Stream
	list := DerivedList{Derived: []Derived{}}
	for _, s := range viewOf(ctx).of(o.streams.Streams()) {
		if only == nil || s.Name == *only {
			list.Derived = append(list.Derived, derivedOf(&s)...)
		}
	}
	list.Total = len(list.Derived)
	return ListDerived200JSONResponse{Body: list}, nil
}

func derivedOf(s *bus.Snapshot) (list []Derived) {
	codecs := map[av.TrackID]string{}
	for i := range s.Tracks {
		codecs[s.Tracks[i].Track.ID] = s.Tracks[i].Track.Codec.String()
	}
	for i := range s.Tracks {
		t := s.Tracks[i].Track
		if t.DerivedFrom == 0 {
			continue
		}
		list = append(list, Derived{
			Stream: s.Name, Track: uint32(t.ID), Kind: DerivedKind(t.Kind.String()), From: codecs[t.DerivedFrom], To: t.Codec.String(),
			Bitrate: int64(math.Round(s.Tracks[i].Bitrate)), Frames: s.Tracks[i].Frames,
		})
	}
	return list
}
