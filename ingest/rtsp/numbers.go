package rtsp

import (
	"time"

	"millrace/transmux/av"
	"millrace/transmux/ledger"
)

// tell leaves how the publisher is doing, once in a while.
func (s *session) tell(now time.Time) {
	if !s.tally.Due(now) {
		return
	}
	in := s.intake.sum()
	n := ledger.Numbers{Transport: "tcp", Bytes: in.Bytes, Packets: in.Received, Lost: in.Lost, Connecting: in.Frames == 0, ClockJumps: s.intake.jumps}
	if s.lossy {
		n.Transport = "udp"
	}
	for _, l := range s.intake.lanes {
		switch {
		case l.track == nil || l.rendition != "":
		case l.kind() == av.Video:
			n.Video = l.track.Codec.String()
		default:
			n.Audio = l.track.Codec.String()
		}
	}
	s.tally.Tell(n, now)
}
