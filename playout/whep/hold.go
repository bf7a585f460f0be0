package whep

import (
	"time"

	"millrace/transmux/av"
	"millrace/transmux/rtc/sender"
)

const (
	// holdMargin is beyond the round trip: the viewer's own time to notice and ask,
	// and the twin of what is sent again.
	holdMargin = 25 * time.Millisecond
	// holdSlack is what remains of the viewer's patience when the keyframe comes: to
	// take in its packets, and to decode it.
	holdSlack = 35 * time.Millisecond
)

// hold keeps a keyframe back from a viewer on a bad line until what it lost of the
// pictures before has been asked for and come again. A browser that has a whole
// keyframe drops all that came before it and is not whole yet, however long it has
// been told to wait: at every keyframe some pictures would not be shown.
//
// It costs nothing that the viewer can see, as that shows its pictures later by
// more than this while its line is bad (see patience).
type hold struct {
	seq   uint64 // the keyframe's
	until time.Time
}

// heldUntil is when the frame may go to the viewer; the zero time is at once.
func (l *lane) heldUntil(f *av.Frame, b *sender.Burst, v *viewer, now time.Time) time.Time {
	if f.Type != av.Key || l.patient.least == 0 || l.ramp.Running() || !l.writer.Begun() {
		return time.Time{}
	}
	if l.held.seq != f.Seq {
		l.held = hold{seq: f.Seq, until: now.Add(holdFor(v.roundTrip(), l.patient.least))}
		l.reveal(b, v)
	}
	return l.held.until
}

// holdFor is for how long: until what was asked for has come again, but never for
// longer than the viewer waits.
func holdFor(roundTrip, patience time.Duration) time.Duration {
	return max(0, min(roundTrip+holdMargin, patience-holdSlack))
}

// reveal sends the newest packet once more: a loss at the end of a picture shows
// only when the next packet comes, which is held back.
func (l *lane) reveal(b *sender.Burst, v *viewer) {
	newest := l.past.newest()
	index := newest.first + uint64(newest.packets) - 1
	p, was, index := l.past.find(uint16(index), v.stream)
	if p == nil {
		return
	}
	l.repeat(p, was, index, b)
	_ = b.Flush() // as in serve
}
