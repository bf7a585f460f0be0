package impair

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxWaiting bounds the packets on their way: a second of 150 Mb/s. More are lost.
const maxWaiting = 1 << 14

// direction is what the lines of one direction have in common.
type direction struct {
	settings                                      atomic.Pointer[Settings]
	packets, bytes, lost, overflown               atomic.Uint64
	reordered, duplicated, delivered, undelivered atomic.Uint64
}

func (d *direction) counts() Counts {
	return Counts{
		Packets: d.packets.Load(), Bytes: d.bytes.Load(), Lost: d.lost.Load(), Overflown: d.overflown.Load(),
		Reordered: d.reordered.Load(), Duplicated: d.duplicated.Load(), Delivered: d.delivered.Load(),
	}
}

// line is one direction of one client's path.
type line struct {
	*direction
	send func([]byte) error
	wake chan struct{} // the first of what waits has changed

	mu      sync.Mutex // guards the rest, and is held while sending: order matters
	chance  *rand.Rand
	bad     bool      // the Gilbert-Elliott state
	free    time.Time // when the throttle has sent what waits
	last    time.Time // when the last packet that keeps its place arrives
	waiting arrivals
	number  uint64
}

func newLine(d *direction, seed uint64, send func([]byte) error) *line {
	return &line{
		direction: d, send: send, wake: make(chan struct{}, 1),
		chance: rand.New(rand.NewPCG(seed, seed)),
	}
}

// take lets a packet onto the line; the bytes are copied.
func (l *line) take(packet []byte, now time.Time) {
	s := l.settings.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.packets.Add(1)
	l.bytes.Add(uint64(len(packet)))
	left, room := l.throttle(s, len(packet), now)
	if !room {
		l.overflown.Add(1)
		return
	}
	if l.loses(s) {
		l.lost.Add(1)
		return
	}
	at := left.Add(s.Delay)
	if s.Jitter > 0 {
		at = at.Add(time.Duration(l.chance.Int64N(int64(s.Jitter))))
	}
	if s.Reorder > 0 && l.chance.Float64() < s.Reorder {
		l.reordered.Add(1)
		at = at.Add(s.ReorderBy)
	} else {
		at = later(at, l.last)
		l.last = at
	}
	l.put(packet, at, now)
	if s.Duplicate > 0 && l.chance.Float64() < s.Duplicate {
		l.duplicated.Add(1)
		l.put(packet, at, now)
	}
}

// throttle is when the packet has left the bottleneck; false if the queue before
// it is full.
func (l *line) throttle(s *Settings, size int, now time.Time) (left time.Time, room bool) {
	if s.Rate == 0 {
		return now, true
	}
	begins := later(now, l.free)
	if backlog := begins.Sub(now).Seconds() * float64(s.Rate) / 8; backlog+float64(size) > float64(s.queue()) {
		return now, false
	}
	l.free = begins.Add(time.Duration(float64(size) * 8 / float64(s.Rate) * float64(time.Second)))
	return l.free, true
}

func (l *line) loses(s *Settings) bool {
	turn := s.Burst.Enter
	if l.bad {
		turn = s.Burst.Leave
	}
	if s.Burst.Enter == 0 {
		l.bad = false
	} else if l.chance.Float64() < turn {
		l.bad = !l.bad
	}
	return s.Loss > 0 && l.chance.Float64() < s.Loss ||
		l.bad && l.chance.Float64() < s.Burst.Loss
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// put has the packet arrive at that time.
func (l *line) put(packet []byte, at, now time.Time) {
	if len(l.waiting) == 0 && !at.After(now) {
		l.deliver(packet)
		return
	}
	if len(l.waiting) == maxWaiting {
		l.overflown.Add(1)
		return
	}
	l.number++
	heap.Push(&l.waiting, arrival{at, l.number, slices.Clone(packet)})
	if l.waiting[0].number == l.number { // run waits for something later
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

func (l *line) deliver(packet []byte) {
	if l.send(packet) != nil {
		l.undelivered.Add(1) // a receiver that has gone
		return
	}
	l.delivered.Add(1)
}

// run delivers what waits, each at its time, until stopped.
func (l *line) run(stop <-chan struct{}) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(l.flush(time.Now()))
		select {
		case <-timer.C:
		case <-l.wake:
		case <-stop:
			return
		}
	}
}

// flush delivers what is due and returns how long until something is.
func (l *line) flush(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) > 0 {
		if wait := l.waiting[0].at.Sub(now); wait > 0 {
			return wait
		}
		l.deliver(heap.Pop(&l.waiting).(arrival).packet)
	}
	return time.Hour
}

// arrival is a packet on its way. Of two that arrive at once the older is first.
type arrival struct {
	at     time.Time
	number uint64
	packet []byte
}

// arrivals is a heap of them, see container/heap.
type arrivals []arrival

func (a arrivals) Len() int { return len(a) }

func (a arrivals) Less(i, j int) bool {
	return a[i].at.Before(a[j].at) || a[i].at.Equal(a[j].at) && a[i].number < a[j].number
}

func (a arrivals) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push is for container/heap.
func (a *arrivals) Push(x any) { *a = append(*a, x.(arrival)) }

// Pop is for container/heap.
func (a *arrivals) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	(*a)[last] = arrival{}
	*a = (*a)[:last]
	return x
}
