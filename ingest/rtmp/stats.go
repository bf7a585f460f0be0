package rtmp

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Stats are the server's counters since it was made. Those without "now" only grow.
type Stats struct {
	Connections int    // now
	Pending     int    // of these, now, the ones that do not publish
	Accepted    uint64 // connections
	Published   uint64 // publishers let in
	// Refused counts the connections that ended before they published, by
	// reason: crowded, timeout, protocol, gone, play, bad_name, taken, denied,
	// full, shutdown, internal.
	Refused      map[string]uint64
	AcceptErrors uint64
	BadMessages  uint64 // media and metadata that could not be read
	Unsupported  uint64 // media messages of codecs that cannot be played
	Ignored      uint64 // messages that mean nothing to the gateway
	ClockJumps   uint64 // encoders whose timestamps began anew
	Bytes        uint64 // received
	Sent         uint64 // bytes
}

type counters struct {
	connections                       atomic.Int64
	accepted, published, acceptErrors atomic.Uint64
	bad, unsupported, ignored, jumps  atomic.Uint64
	in, out                           atomic.Uint64 // bytes

	mu      sync.Mutex
	refused map[string]uint64
}

func (c *counters) refuse(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused == nil {
		c.refused = make(map[string]uint64)
	}
	c.refused[reason]++
}

// Stats returns the counters of this moment.
func (s *Server) Stats() Stats {
	c := &s.counters
	c.mu.Lock()
	refused := maps.Clone(c.refused)
	c.mu.Unlock()
	return Stats{
		Connections:  int(c.connections.Load()),
		Pending:      s.pending.Len(),
		Accepted:     c.accepted.Load(),
		Published:    c.published.Load(),
		Refused:      refused,
		AcceptErrors: c.acceptErrors.Load(),
		BadMessages:  c.bad.Load(),
		Unsupported:  c.unsupported.Load(),
		Ignored:      c.ignored.Load(),
		ClockJumps:   c.jumps.Load(),
		Bytes:        c.in.Load(),
		Sent:         c.out.Load(),
	}
}
