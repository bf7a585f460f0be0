package bus

import "slices"

// bell is rung for all who listen at that moment. It is guarded by its owner's lock.
type bell struct {
	rung  chan struct{} // nil when nobody listens
	wired []chan<- struct{}
}

// wire has every ring put into the channel, until cut; a channel that is full has
// heard already.
func (b *bell) wire(to chan<- struct{}) { b.wired = append(b.wired, to) }

func (b *bell) cut(to chan<- struct{}) {
	b.wired = slices.DeleteFunc(b.wired, func(c chan<- struct{}) bool { return c == to })
}

// hear returns a channel that is closed when the bell is rung next.
func (b *bell) hear() <-chan struct{} {
	if b.rung == nil {
		b.rung = make(chan struct{})
	}
	return b.rung
}

func (b *bell) ring() {
	if b.rung != nil {
		close(b.rung)
		b.rung = nil
	}
	for _, to := range b.wired {
		select {
		case to <- struct{}{}:
		default:
		}
	}
}
