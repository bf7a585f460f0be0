package whep

import "sync/atomic"

type counters struct {
	refused, frames, refreshes, resent           atomic.Uint64
	reports, lost, asked, asksRefresh, notResent atomic.Uint64
	bFrames                                      atomic.Uint64
	failed                                       [failedPhases]atomic.Uint64
}

// Stats count since the start.
type Stats struct {
	Refused   uint64 // offers that were not accepted
	Frames    uint64 // frames sent, times viewers
	Refreshes uint64 // keyframes that viewers asked for and were given
	Resent    uint64 // packets sent again because viewers missed them

	Reports     uint64            // receivers' reports of a track
	Lost        uint64            // packets, as these tell
	Asked       uint64            // packets that viewers asked for again (NACK)
	AsksRefresh uint64            // times that viewers asked for a keyframe (PLI, FIR)
	NotResent   uint64            // packets asked for that were gone, or more than a viewer may have again
	BFrames     uint64            // frames left out because browsers do not play B-frames, times viewers
	FailedJoins map[string]uint64 // viewers that were never sent anything, by the phase that failed
}

// Stats reads the counters.
func (room *Room) Stats() Stats {
	c := &room.counters
	s := Stats{
		Refused: c.refused.Load(), Frames: c.frames.Load(), Refreshes: c.refreshes.Load(), Resent: c.resent.Load(),
		Reports: c.reports.Load(), Lost: c.lost.Load(), Asked: c.asked.Load(), AsksRefresh: c.asksRefresh.Load(),
		NotResent: c.notResent.Load(), BFrames: c.bFrames.Load(), FailedJoins: make(map[string]uint64, failedPhases),
	}
	for i, name := range phaseNames {
		s.FailedJoins[name] = c.failed[i].Load()
	}
	return s
}
