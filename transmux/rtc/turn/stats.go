package turn

import "sync/atomic"

// Why something was refused.
const (
	refusedCredential = iota
	refusedTotal
	refusedAddress
	refusedSession
	refusedPeer
	refusedRequest
	refusedWaiting
	reasons
)

// reasonNames are what Stats.Refused calls them.
var reasonNames = [reasons]string{"credential", "total", "address", "session", "peer", "request", "waiting"}

type counters struct {
	opened, up, down, dropped atomic.Uint64
	refused                   [reasons]atomic.Uint64
}

func (c *counters) refuse(reason int) { c.refused[reason].Add(1) }

// Stats are the room's numbers.
type Stats struct {
	Relays, Waiting, Connections, Credentials int // now
	Opened                                    uint64
	Up, Down                                  uint64 // bytes to the gateway, and from it
	Dropped                                   uint64 // packets for which there was no room
	Refused                                   map[string]uint64
}

// Stats are the numbers as they stand.
func (r *Room) Stats() Stats {
	s := Stats{
		Opened: r.stats.opened.Load(), Up: r.stats.up.Load(), Down: r.stats.down.Load(),
		Dropped: r.stats.dropped.Load(), Refused: make(map[string]uint64, reasons),
	}
	for i, name := range reasonNames {
		s.Refused[name] = r.stats.refused[i].Load()
	}
	s.Waiting, s.Connections = r.crowd.count()
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Relays, s.Credentials = len(r.relays), len(r.grants)
	return s
}
