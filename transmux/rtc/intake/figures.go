package intake

import (
	"time"

	"millrace/transmux/av"
	"millrace/transmux/rtpio"
)

// Figures are how an intake is doing.
type Figures struct {
	At           time.Time
	Stats        rtpio.Stats
	Bytes        uint64 // of what came, sealed
	Refreshes    uint64 // keyframes that the peer was asked for
	Jumps        uint64 // times that timestamps began anew
	RoundTrip    time.Duration
	Jitter       time.Duration // of the picture, or else of the sound
	Video, Audio av.Codec      // what comes, of several renditions the first; none before it does
}

// Figures are those of a second ago at most, while Run does; zero before its first.
func (s *Intake) Figures() Figures {
	if f := s.figures.Load(); f != nil {
		return *f
	}
	return Figures{}
}

// show leaves the figures for Figures.
func (s *Intake) show(now time.Time) {
	f := &Figures{At: now, Stats: s.tallied, Bytes: s.bytes, Refreshes: s.refreshes, Jumps: s.in.jumps, RoundTrip: s.endpoint.RoundTrip()}
	for _, l := range s.in.layers {
		if l.track == nil {
			continue
		}
		codec := &f.Audio
		if l.kind() == av.Video {
			codec = &f.Video
		}
		if *codec == 0 {
			*codec = l.track.Codec
		}
		if rate := l.reception.clockRate; rate > 0 && (l.kind() == av.Video || f.Jitter == 0) {
			f.Jitter = time.Duration(l.reception.jitter * float64(time.Second) / float64(rate))
		}
	}
	s.figures.Store(f)
}
