package bus

import (
	"time"

	"millrace/transmux/av"
)

// Observer takes one measurement, in seconds, and must not block.
type Observer interface{ Observe(seconds float64) }

// Observers are where a Hub's measurements go, one of each for a frame of a
// publisher's at most; nil ones measure nothing.
type Observers struct {
	// Received is from a frame's last byte off the wire to its place in the ring.
	Received Observer
	// GOP is between two keyframes of a publisher's track, on its own clock.
	GOP Observer
}

// Observe says where measurements go. It is called before anybody publishes.
func (h *Hub) Observe(o Observers) { h.observe = o }

// Limits are what bounds each stream's ring.
func (h *Hub) Limits() (maxFrames, maxBytes int) { return h.cfg.MaxFrames, h.cfg.MaxBytes }

// Newest is the publisher's last frame, nil before the first.
func (s *Stream) Newest() *av.Frame { return s.newest.Load() }

func (p *Publisher) observe(f *av.Frame, state *trackState) {
	o := &p.hub.observe
	if o.Received != nil {
		o.Received.Observe(time.Since(f.Arrived).Seconds())
	}
	if o.GOP != nil && state.video && f.Type == av.Key && state.meter.keyframes > 1 {
		o.GOP.Observe(state.meter.interval.Seconds())
	}
}
