package port

import (
	"net/netip"
	"slices"
	"sync"
)

const (
	// maxStreams bounds memory and file descriptors: some 20 KB and one each. A
	// browser opens connections beside UDP on joining and lets them go within a
	// minute, so it is well above the viewers that really need TCP.
	maxStreams = 8192
	// maxPerAddress is for a company behind one address, whose network lets no
	// UDP out; beyond it a single host could take all places. An IPv6 host has a
	// /64 to itself.
	maxPerAddress = 1024
	// maxWaiting bounds those who have not shown that they belong to a session. A
	// client does so within a round trip, so that one is rarely among the oldest.
	maxWaiting = 256
	hostBits   = 64
)

// crowd keeps the books of all connections and makes room for new ones at the
// cost of those who have waited longest without showing whose they are.
type crowd struct {
	mu      sync.Mutex
	streams map[*stream]struct{}
	hosts   map[netip.Prefix]int
	waiting []*stream // oldest first
	closed  bool
}

func (c *crowd) init() {
	c.streams = make(map[*stream]struct{})
	c.hosts = make(map[netip.Prefix]int)
}

func (c *crowd) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.streams)
}

// enter takes a connection in, as one that waits; false if there is no place.
func (c *crowd) enter(s *stream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	any := func(*stream) bool { return true }
	neighbour := func(other *stream) bool { return other.host() == s.host() }
	switch {
	case c.closed,
		c.hosts[s.host()] >= maxPerAddress && !c.evict(neighbour),
		len(c.streams) >= maxStreams && !c.evict(any):
		return false
	case len(c.waiting) >= maxWaiting:
		c.evict(any)
	}
	c.streams[s] = struct{}{}
	c.hosts[s.host()]++
	c.waiting = append(c.waiting, s)
	return true
}

// evict closes the oldest that waits, of those that may be chosen.
func (c *crowd) evict(may func(*stream) bool) bool {
	i := slices.IndexFunc(c.waiting, may)
	if i < 0 {
		return false
	}
	s := c.waiting[i]
	c.forget(s)
	_ = s.conn.Close() // its goroutine finds out
	return true
}

// admit notes that the connection belongs to a session.
func (c *crowd) admit(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = slices.DeleteFunc(c.waiting, func(other *stream) bool { return other == s })
}

func (c *crowd) leave(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(s)
}

func (c *crowd) forget(s *stream) {
	if _, here := c.streams[s]; !here {
		return
	}
	delete(c.streams, s)
	if c.hosts[s.host()]--; c.hosts[s.host()] == 0 {
		delete(c.hosts, s.host())
	}
	c.waiting = slices.DeleteFunc(c.waiting, func(other *stream) bool { return other == s })
}

// close lets nobody in any more and ends all, each after what waits in it.
func (c *crowd) close() {
	c.mu.Lock()
	c.closed = true
	all := make([]*stream, 0, len(c.streams))
	for s := range c.streams {
		all = append(all, s)
	}
	c.mu.Unlock()
	for _, s := range all {
		s.finish(true)
	}
}
