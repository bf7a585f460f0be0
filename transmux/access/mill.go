package access

import (
	"context"
	"runtime"
	"sync/atomic"
)

// maxQueue is how many may wait for a slow hash. At 30 ms each the last one waits
// two seconds: whoever comes then is better told to come again.
const maxQueue = 64

// mill grinds slow hashes, on half of the cores at most: the others are for media.
type mill struct {
	places  chan struct{}
	waiting *atomic.Int32
}

func newMill() mill {
	return mill{make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)), new(atomic.Int32)}
}

// grind runs the work when it is its turn.
func (m *mill) grind(ctx context.Context, work func()) error {
	if m.waiting.Add(1) > maxQueue {
		m.waiting.Add(-1)
		return unavailable("too many passwords are being checked: try again in a moment")
	}
	defer m.waiting.Add(-1)
	select {
	case m.places <- struct{}{}:
	case <-ctx.Done():
		return unavailable("checking the password took too long: try again in a moment")
	}
	defer func() { <-m.places }()
	work()
	return nil
}
