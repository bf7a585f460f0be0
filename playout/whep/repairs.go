package whep

import (
	"slices"
	"time"
)

const (
	// repairSpacing is between a packet sent again and its twin: more than most
	// losses in a row take.
	repairSpacing = 10 * time.Millisecond
	// maxCrossing bounds for how long after a packet was sent again requests for it
	// are taken for ones that it met on the way: a round trip that was measured
	// too long must not keep a viewer waiting.
	maxCrossing = 90 * time.Millisecond
	// repairsKept is how many are remembered: a round trip of a line that loses a third.
	repairsKept = 64
	// maxTwins bounds what waits to go a second time.
	maxTwins = 128
)

// repairs is what goes again to one viewer.
type repairs struct {
	sent  []repair // the last ones, in a ring; nil for the many who lose nothing
	next  int
	twins []repair // to go once more, the earliest first
}

// repair is a packet by its number, and when it went or is to go again.
type repair struct {
	number uint16
	at     time.Time
}

// crossed is whether a request was on its way already when the packet went again:
// what became of that, the viewer could not know.
func (r *repairs) crossed(number uint16, now time.Time, roundTrip time.Duration) bool {
	within := min(roundTrip*9/10, maxCrossing)
	return slices.ContainsFunc(r.sent, func(s repair) bool {
		return s.number == number && now.Sub(s.at) < within
	})
}

func (r *repairs) note(number uint16, now time.Time) {
	if r.sent == nil {
		r.sent = make([]repair, repairsKept)
	}
	r.sent[r.next] = repair{number, now}
	r.next = (r.next + 1) % repairsKept
}

// twin has the packet go once more.
func (r *repairs) twin(number uint16, now time.Time) {
	if len(r.twins) < maxTwins {
		r.twins = append(r.twins, repair{number, now.Add(repairSpacing)})
	}
}

// due takes those twins whose time has come, into the caller's slice, and says
// when the next is; the zero time if none is left.
func (r *repairs) due(numbers []uint16, now time.Time) ([]uint16, time.Time) {
	n := 0
	for ; n < len(r.twins) && !r.twins[n].at.After(now); n++ {
		numbers = append(numbers, r.twins[n].number)
	}
	r.twins = slices.Delete(r.twins, 0, n)
	if len(r.twins) == 0 {
		return numbers, time.Time{}
	}
	return numbers, r.twins[0].at
}
