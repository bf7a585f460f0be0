package whep

import (
	"time"

	"millrace/transmux/av"
	"millrace/transmux/rtc/sender"
)

const (
	// rideCrowd is from how many viewers on sound waits for the picture: below, a
	// system call more for each of its packets is not worth a millisecond of anybody's.
	rideCrowd = 64
	// rideWait is how long sound may wait: no longer than one of its packets lasts,
	// so that no receiver sees two of them change places with a picture.
	rideWait = 20 * time.Millisecond
	// rideGrace is how late a picture may be that is waited for.
	rideGrace = 2 * time.Millisecond
	// rideSlowest is the longest distance of two pictures that is believed to be the
	// next one's.
	rideSlowest = 120 * time.Millisecond
)

// beat foretells the next picture, by the last two that were sent.
type beat struct {
	dts  time.Duration
	next time.Time // zero: unknown
}

// note takes a picture that has just been sent.
func (b *beat) note(f *av.Frame) {
	step := f.DTS - b.dts
	b.dts, b.next = f.DTS, time.Time{}
	if step > 0 && step <= rideSlowest {
		b.next = f.Arrived.Add(step)
	}
}

// ride says until when the viewer's sound waits, so that it can leave in the system
// call of a picture that is due in a moment; the zero time is not at all. A small
// packet of its own costs the server as much as a third of a picture.
func (v *viewer) ride(b *sender.Burst, now time.Time) time.Time {
	next := v.video.beat.next
	if next.IsZero() || b.Loaded() || v.room.crowd.Load() < rideCrowd || !v.audio.writer.Begun() {
		return time.Time{}
	}
	f := v.sub.Audio().Peek()
	if f == nil {
		return time.Time{}
	}
	if until := next.Add(rideGrace); until.Before(f.Arrived.Add(rideWait)) && until.After(now) {
		return until
	}
	return time.Time{}
}
