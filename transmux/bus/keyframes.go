package bus

import (
	"sync/atomic"
	"time"
)

// keyframeInterval is the least distance between two requests to a publisher:
// a keyframe costs bits, and a thousand viewers losing a packet at once are
// served by one.
const keyframeInterval = 500 * time.Millisecond

// keyframeRequests lets one request in keyframeInterval through to the publisher.
type keyframeRequests struct {
	last     atomic.Int64 // Unix nanoseconds
	upstream atomic.Pointer[chan struct{}]
}

// attach passes requests to a new publisher, who has not yet been asked anything.
func (k *keyframeRequests) attach(upstream *chan struct{}) {
	k.last.Store(0)
	k.upstream.Store(upstream)
}

// request reports whether it was passed on.
func (k *keyframeRequests) request(now time.Time) bool {
	upstream := k.upstream.Load()
	last := k.last.Load()
	since := time.Duration(now.UnixNano() - last)
	if upstream == nil || since >= 0 && since < keyframeInterval { // below 0 the clock was set back
		return false
	}
	if !k.last.CompareAndSwap(last, now.UnixNano()) {
		return false
	}
	select {
	case *upstream <- struct{}{}:
		return true
	default: // the last one has not been read yet
		return false
	}
}
