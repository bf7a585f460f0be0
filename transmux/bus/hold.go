package bus

import (
	"fmt"
	"sync"
	"time"
)

// Hold joins a live stream for somebody who passes it on to others: as a viewer
// does, but without being counted as one. It gives ErrNotLive, ErrBadName or
// ErrShutdown. release may be called more than once.
func (h *Hub) Hold(name string) (s *Stream, release func(), err error) {
	if err := ValidName(name); err != nil {
		return nil, nil, err
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		return nil, nil, ErrShutdown
	}
	s = h.streams[name]
	if s == nil || !s.Catalog().Live {
		return nil, nil, ErrNotLive
	}
	s.holds.Add(1)
	release = sync.OnceFunc(func() { s.holds.Add(-1) })
	return s, release, nil
}

// Users is how many watch or hold the stream now.
func (s *Stream) Users() int { return int(s.users()) }

func (s *Stream) users() int64 { return s.subscribers.Load() + s.holds.Load() }

// Mirrored is whether the stream is a copy of another node's now.
func (s *Stream) Mirrored() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.publisher != nil && s.publisher.mirror
}

// Vacant says what Publish would say of the name now: nil, ErrBadName,
// ErrNameTaken or ErrShutdown.
func (h *Hub) Vacant(name string) error {
	if err := ValidName(name); err != nil {
		return err
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		return ErrShutdown
	}
	s := h.streams[name]
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.publisher; p != nil && !p.mirror && time.Since(p.lastWrite) < h.cfg.Silence {
		return fmt.Errorf("%w by %s", ErrNameTaken, s.info.Remote)
	}
	return nil
}
