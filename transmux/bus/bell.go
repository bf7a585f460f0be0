package bus

// bell is rung for all who listen at that moment. It is guarded by its owner's lock.
type bell struct {
	rung chan struct{} // nil when nobody listens
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
}
