package bus

import "time"

// Behind is how far the next frame that the subscriber will read is behind the
// publisher's newest, on the stream's timeline; 0 at the live edge. It moves no cursor
// and is for the subscriber's goroutine.
func (s *Subscriber) Behind() time.Duration {
	c := &s.video
	if c.state == nil {
		c = &s.audio
	}
	newest := s.stream.newest.Load()
	if c.state == nil || c.waiting || newest == nil || c.next >= s.stream.head.Load() {
		return 0
	}
	r := s.stream.ring.Load()
	next := r.at(c.next)
	if next == nil {
		return 0 // it fell out of the ring, and is about to jump
	}
	return max(0, newest.DTS-next.DTS)
}
