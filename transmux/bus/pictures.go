package bus

import (
	"slices"
	"time"

	"millrace/transmux/av"
)

// Picture is one frame of video as it stands in a ring, without what is in it.
type Picture struct {
	Track   av.TrackID
	Type    av.Type
	Bytes   int
	Arrived time.Time // its last byte
}

// Pictures are the newest frames of a stream's video tracks, oldest first and at
// most limit; none where there is no stream. It takes no lock of the data path: what
// leaves the ring meanwhile is left out.
func (h *Hub) Pictures(name string, limit int) []Picture {
	h.mu.RLock()
	s := h.streams[name]
	h.mu.RUnlock()
	if s == nil {
		return nil
	}
	r := s.ring.Load()
	var list []Picture
	for seq := s.head.Load(); seq > 0 && len(list) < limit; seq-- {
		f := r.at(seq - 1)
		if f == nil {
			break // nothing older is there
		}
		if f.Track.Kind == av.Video {
			list = append(list, Picture{Track: f.Track.ID, Type: f.Type, Bytes: f.Size(), Arrived: f.Arrived})
		}
	}
	slices.Reverse(list)
	return list
}
