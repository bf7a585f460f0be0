package whep

import "time"

// roundTrips are the last ones measured, of which the shortest counts: the others
// held the time that somebody was busy, on either side.
type roundTrips struct {
	last [4]time.Duration // two seconds' of picture and sound; zero: none
	next int
}

func (r *roundTrips) take(d time.Duration) {
	if d > 0 {
		r.last[r.next] = d
		r.next = (r.next + 1) % len(r.last)
	}
}

// least is zero where none was measured.
func (r *roundTrips) least() (least time.Duration) {
	for _, d := range r.last {
		if least == 0 || d > 0 && d < least {
			least = d
		}
	}
	return least
}
