package bus

import (
	"sync/atomic"

	"millrace/transmux/av"
)

// firstSlots is a ring's size at first: some seconds of an ordinary stream. It
// doubles up to Config.MaxFrames, so that an idle stream costs 4 KiB.
const firstSlots = 512

// ring holds the frames of sequence numbers tail up to head in slots of seq
// modulo their number. Writers hold the stream's lock; readers take none: a
// slot that no longer holds the sequence number they look for tells them that
// they have been overtaken.
type ring struct {
	slots []atomic.Pointer[av.Frame]
}

func newRing(slots int) *ring {
	return &ring{slots: make([]atomic.Pointer[av.Frame], slots)}
}

func (r *ring) slot(seq uint64) *atomic.Pointer[av.Frame] {
	return &r.slots[seq%uint64(len(r.slots))]
}

// at is the frame with that sequence number, nil if it has left the ring.
func (r *ring) at(seq uint64) *av.Frame {
	f := r.slot(seq).Load()
	if f == nil || f.Seq != seq {
		return nil
	}
	return f
}

// grown is a ring of twice the slots, at most limit, with the frames from tail to head.
func (r *ring) grown(tail, head uint64, limit int) *ring {
	next := newRing(min(2*len(r.slots), limit))
	for seq := tail; seq < head; seq++ {
		next.slot(seq).Store(r.slot(seq).Load())
	}
	return next
}
