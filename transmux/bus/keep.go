package bus

// Keep says that the stream of that name will get its publisher back, however
// long that takes: once its publisher has gone, it is not Config.Linger that ends
// it, but the last of its viewers, or release. One without viewers still ends
// with its publisher. A name may be kept several times, and before there is a
// stream; release may be called more than once.
func (h *Hub) Keep(name string) (release func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.kept == nil {
		h.kept = make(map[string]int)
	}
	h.kept[name]++
	released := false
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if released {
			return
		}
		released = true
		if h.kept[name]--; h.kept[name] == 0 {
			delete(h.kept, name) // the stream's timer does the rest
		}
	}
}

// Unavailable is an ErrNotLive of a Source that knows why the stream is not
// there.
type Unavailable struct {
	Reason string // a sentence for people, without secrets
}

// Error is ErrNotLive's text and the reason.
func (e *Unavailable) Error() string { return ErrNotLive.Error() + ": " + e.Reason }

// Is makes it an ErrNotLive.
func (e *Unavailable) Is(target error) bool { return target == ErrNotLive }
