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

// request reports whether it was passed on.
func (k *keyframeRequests) request(now time.Time) bool {
	upstream := k.upstream.Load()
	last := k.last.Load()
	if upstream == nil || now.UnixNano()-last < int64(keyframeInterval) {
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
