package turn

import (
	"container/list"
	"net"
	"net/netip"
	"sync"
	"time"
)

// ends are a connection's, the client's and ours.
type ends [2]netip.AddrPort

// endsOf are those that the library tells of; false where it is no connection's.
func endsOf(client, own net.Addr) (ends, bool) {
	theirs, ok := client.(*net.TCPAddr)
	ours, ok2 := own.(*net.TCPAddr)
	if !ok || !ok2 {
		return ends{}, false
	}
	return ends{theirs.AddrPort(), ours.AddrPort()}, true
}

// crowd is the connections over TCP. Those that have no relay are bounded in number
// and time; the oldest makes room.
type crowd struct {
	mu      sync.Mutex
	known   map[ends]*stream
	waiting *list.List // of *stream, the oldest first
	over    bool
}

func newCrowd() *crowd {
	return &crowd{known: make(map[ends]*stream), waiting: list.New()}
}

// enter takes a connection in, which must have its relay by a time; false when it is
// too late for anybody.
func (c *crowd) enter(s *stream) (turnedOut *stream, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return nil, false
	}
	if c.waiting.Len() >= maxWaiting {
		turnedOut = c.waiting.Front().Value.(*stream)
		c.waiting.Remove(turnedOut.place)
		turnedOut.place = nil
	}
	c.known[s.ends] = s
	c.wait(s)
	return turnedOut, true
}

// wait begins a connection's time. c.mu must be held.
func (c *crowd) wait(s *stream) {
	s.place = c.waiting.PushBack(s)
	_ = s.Conn.SetReadDeadline(time.Now().Add(waitTime))
}

// settle says that a client has a relay.
func (c *crowd) settle(at ends) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.known[at]; s != nil && s.place != nil {
		c.waiting.Remove(s.place)
		s.place = nil
		_ = s.Conn.SetReadDeadline(time.Time{}) // the relay's lifetime is the connection's
	}
}

// unsettle says that it has none any more.
func (c *crowd) unsettle(at ends) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.known[at]; s != nil && s.place == nil {
		c.wait(s)
	}
}

// leave forgets a connection.
func (c *crowd) leave(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known[s.ends] == s {
		delete(c.known, s.ends)
	}
	if s.place != nil {
		c.waiting.Remove(s.place)
		s.place = nil
	}
}

// close ends all of them, and whoever comes later.
func (c *crowd) close() {
	c.mu.Lock()
	c.over = true
	open := make([]*stream, 0, len(c.known))
	for _, s := range c.known {
		open = append(open, s)
	}
	c.mu.Unlock()
	for _, s := range open {
		_ = s.Close()
	}
}

func (c *crowd) count() (waiting, all int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting.Len(), len(c.known)
}
