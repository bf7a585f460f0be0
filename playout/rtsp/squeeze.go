package rtsp

import "time"

const (
	// catchUp is how long it should take a viewer to be at the live edge, and
	// minSpeed by how much faster than real time the cached pictures are shown.
	catchUp  = 700 * time.Millisecond
	minSpeed = 8
)

// squeeze lays a GOP of the cache in front of the live edge: the keyframe is shown
// as if it had just come, and what follows it a short while after, until it meets
// the true line. So a player has a picture at once and is not behind by the cache
// for ever. Times are only ever moved later, and never past each other, whatever
// the order in which they come. The zero value moves nothing.
type squeeze struct {
	first time.Duration // the keyframe's PTS
	live  time.Duration // the live edge when it was sent
	speed int64
}

func newSqueeze(first, live time.Duration) squeeze {
	if live <= first {
		return squeeze{}
	}
	return squeeze{first, live, max(int64((live-first)/catchUp)+1, minSpeed)}
}

// at is when a frame is to be shown.
func (s *squeeze) at(pts time.Duration) time.Duration {
	if s.speed == 0 {
		return pts
	}
	return max(pts, s.live+(pts-s.first)/time.Duration(s.speed))
}
