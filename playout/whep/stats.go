package whep

import "sync/atomic"

type counters struct {
	refused, frames, refreshes, resent atomic.Uint64
}

// Stats count since the start.
type Stats struct {
	Refused   uint64 // offers that were not accepted
	Frames    uint64 // frames sent, times viewers
	Refreshes uint64 // keyframes that viewers asked for
	Resent    uint64 // packets sent again because viewers missed them
}

// Stats reads the counters.
func (room *Room) Stats() Stats {
	return Stats{
		Refused: room.counters.refused.Load(), Frames: room.counters.frames.Load(),
		Refreshes: room.counters.refreshes.Load(), Resent: room.counters.resent.Load(),
	}
}
