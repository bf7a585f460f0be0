package bus

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Hub holds a node's streams by name. It is the Source of a single node.
type Hub struct {
	cfg     Config
	totals  totals
	observe Observers

	mu      sync.RWMutex // taken before any Stream.mu
	streams map[string]*Stream
	lingers map[*Stream]*time.Timer
	kept    map[string]int // see Keep
	closed  bool
}

type totals struct {
	publishers, subscribers, frames, bytes, gopDrops, keyframeRequests atomic.Uint64
}

// New makes an empty Hub.
func New(cfg Config) *Hub {
	return &Hub{
		cfg:     cfg.withDefaults(),
		streams: make(map[string]*Stream),
		lingers: make(map[*Stream]*time.Timer),
	}
}

// Publish begins a stream, or the next generation of one that lingers or whose
// publisher has been silent for Config.Silence. It gives ErrBadName,
// ErrNameTaken or ErrShutdown.
func (h *Hub) Publish(name string, info PublisherInfo) (*Publisher, error) {
	return h.publish(name, info, false)
}

func (h *Hub) publish(name string, info PublisherInfo, mirror bool) (*Publisher, error) {
	if err := ValidName(name); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrShutdown
	}
	s := h.streams[name]
	if s == nil {
		s = newStream(name, h.cfg, &h.totals)
		h.streams[name] = s
	}
	p, err := h.succeed(s, info, mirror)
	if err != nil {
		return nil, err
	}
	if timer := h.lingers[s]; timer != nil {
		timer.Stop()
		delete(h.lingers, s)
	}
	h.totals.publishers.Add(1)
	return p, nil
}

// succeed makes the stream's next publisher, ending a silent one. A mirror yields
// to every publisher, and takes nothing over.
func (h *Hub) succeed(s *Stream, info PublisherInfo, mirror bool) (*Publisher, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if old := s.publisher; old != nil {
		if mirror || !old.mirror && now.Sub(old.lastWrite) < h.cfg.Silence {
			return nil, fmt.Errorf("%w by %s", ErrNameTaken, s.info.Remote)
		}
		old.endLocked(ErrTakenOver)
	}
	p := &Publisher{
		hub: h, stream: s, gen: s.catalog.Load().Generation + 1, mirror: mirror,
		requests: make(chan struct{}, 1), done: make(chan struct{}), over: make(chan struct{}), lastWrite: now,
	}
	s.publisher, s.info, s.since = p, info, now
	s.refreshes.Store(info.Refreshes)
	s.keyframes.attach(&p.requests)
	if mirror {
		p.gen-- // what there was goes on until the origin's catalog is known
		return p, nil
	}
	s.setCatalogLocked(&Catalog{Generation: p.gen, Live: true, Origin: Origin{Epoch: info.Epoch}})
	return p, nil
}

// retire ends a publisher that closes, or that goes for a cause, and lets its stream linger.
func (h *Hub) retire(p *Publisher, cause error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := p.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.closed {
		return
	}
	p.endLocked(cause)
	c := s.catalog.Load().clone()
	c.Live = false
	s.setCatalogLocked(c)
	if s.users() == 0 {
		h.removeLocked(s, ErrEnded) // nobody would notice that it came back
		return
	}
	h.lingerLocked(s, p.gen)
}

// SetLinger changes how long streams wait for their publishers that go from now on.
func (h *Hub) SetLinger(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cfg.Linger = d
}

// lingerLocked gives a stream's publisher time to come back.
func (h *Hub) lingerLocked(s *Stream, gen uint32) {
	h.lingers[s] = time.AfterFunc(h.cfg.Linger, func() { h.expire(s, gen) })
}

// expire ends a stream whose publisher did not come back, unless it is kept for
// its viewers. The generation tells a timer that fired while a publisher came and
// went once more.
func (h *Hub) expire(s *Stream, gen uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.publisher != nil || s.catalog.Load().Generation != gen || s.end.Load() != nil:
	case h.kept[s.name] > 0 && s.users() > 0:
		h.lingerLocked(s, gen)
	default:
		h.removeLocked(s, ErrEnded)
	}
}

// removeLocked ends a stream; the caller holds both locks.
func (h *Hub) removeLocked(s *Stream, cause error) {
	if timer := h.lingers[s]; timer != nil {
		timer.Stop()
		delete(h.lingers, s)
	}
	if h.streams[s.name] == s {
		delete(h.streams, s.name)
	}
	s.endLocked(cause)
}

// Subscribe joins a live stream as a viewer; see Source.
func (h *Hub) Subscribe(_ context.Context, name string) (*Subscriber, error) {
	if err := ValidName(name); err != nil {
		return nil, err
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		return nil, ErrShutdown
	}
	s := h.streams[name]
	if s == nil || !s.Catalog().Live {
		return nil, ErrNotLive
	}
	s.subscribers.Add(1)
	h.totals.subscribers.Add(1)
	return newSubscriber(s, true), nil
}

// Close ends every publisher and stream with ErrShutdown, and refuses new ones.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, s := range h.streams {
		s.mu.Lock()
		if p := s.publisher; p != nil {
			p.endLocked(ErrShutdown)
		}
		h.removeLocked(s, ErrShutdown)
		s.mu.Unlock()
	}
}
