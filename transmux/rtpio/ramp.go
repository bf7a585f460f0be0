package rtpio

import "time"

const (
	// rampTime is how long catching up should take, so that a viewer is at the
	// live edge within a second of joining.
	rampTime = 700 * time.Millisecond
	// minSpeed and maxSpeed bound how much faster than real time a GOP is sent:
	// slower keeps the viewer behind for nothing, faster drops megabytes into
	// one instant of the viewer's line.
	minSpeed = 8
	maxSpeed = 16
)

// Ramp brings a viewer that joins at a keyframe of the past to the live edge.
// The keyframe leaves at once with the timestamp of the live edge, and what
// follows it is squeezed behind it: sent several times faster than real time,
// with timestamps that tell just that, so that to the receiver every frame is on
// time. Where the squeezed line meets the true one, the ramp is over.
type Ramp struct {
	begun time.Time
	first time.Duration // the keyframe's DTS
	live  time.Duration // the live edge when the ramp began
	speed int64         // 0: no ramp
}

// NewRamp plans the way from the keyframe at first to the live edge.
func NewRamp(now time.Time, first, live time.Duration) Ramp {
	behind := live - first
	if behind <= 0 {
		return Ramp{}
	}
	speed := min(max(int64(behind/rampTime)+1, minSpeed), maxSpeed)
	return Ramp{begun: now, first: first, live: live, speed: speed}
}

// At says when the frame of that DTS is due, and by how much its timestamps are
// to be shifted. A zero time is at once.
func (r *Ramp) At(dts time.Duration) (due time.Time, shift time.Duration) {
	if r.speed == 0 {
		return time.Time{}, 0
	}
	way := (dts - r.first) / time.Duration(r.speed)
	squeezed := r.live + way
	if squeezed <= dts {
		r.speed = 0 // caught up: from here on every frame is live
		return time.Time{}, 0
	}
	return r.begun.Add(way), squeezed - dts
}

// Running is true while frames are still squeezed.
func (r *Ramp) Running() bool { return r.speed != 0 }
