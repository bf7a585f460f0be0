package whep

import (
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"millrace/transmux/bus"
	"millrace/transmux/rtc/sender"
)

// fanSize is how many viewers one fan serves before another one starts beside
// it: some hundred microseconds of work a frame, well below the distance of two.
const fanSize = 64

// measuredOf is how many of a fan's viewers are measured with a frame, each in its
// turn: looking at the clock for each, and telling of it, would cost as much as their
// packets' headers.
const measuredOf = 16

// fan serves some of a stream's viewers, on one goroutine: it wakes on a new
// frame and takes each viewer from its cursor to the live edge.
type fan struct {
	room    *Room
	stream  *bus.Stream
	viewers atomic.Pointer[[]*viewer] // replaced under room.mu
	wake    chan struct{}

	bulletin bulletin
	rounds   rounds
	turn     int  // which viewers are measured
	listened bool // some viewer has event streams
}

func (f *fan) list() []*viewer { return *f.viewers.Load() }

// nudge makes the fan look at its viewers.
func (f *fan) nudge() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Drained wakes the viewer's fan: its connection was behind, and takes more now.
func (v *viewer) Drained() {
	if f := v.fan.Load(); f != nil {
		f.nudge()
	}
}

// join gives the viewer to the stream's emptiest fan, or to a new one where that
// is full and a core is free for it.
func (room *Room) join(v *viewer) {
	room.mu.Lock()
	defer room.mu.Unlock()
	if room.closed || v.gone {
		return // its transport ends it, or has
	}
	fans := room.fans[v.stream]
	var f *fan
	for _, other := range fans {
		if f == nil || len(other.list()) < len(f.list()) {
			f = other
		}
	}
	if f == nil || len(f.list()) >= fanSize && len(fans) < runtime.GOMAXPROCS(0) {
		f = &fan{room: room, stream: v.stream, wake: make(chan struct{}, 1)}
		f.viewers.Store(&[]*viewer{})
		room.fans[v.stream] = append(fans, f)
		room.work.Go(f.run)
	}
	next := append(slices.Clone(f.list()), v)
	f.viewers.Store(&next)
	v.fan.Store(f)
	room.crowd.Add(1)
	f.nudge()
}

// part takes the viewer out of its fan, and returns what lets go of the rest.
func (room *Room) part(v *viewer) (letGo func(cause error)) {
	room.mu.Lock()
	defer room.mu.Unlock()
	v.gone = true
	if f := v.fan.Load(); f != nil {
		next := slices.DeleteFunc(slices.Clone(f.list()), func(other *viewer) bool { return other == v })
		f.viewers.Store(&next)
		room.crowd.Add(-1)
		f.nudge()
	}
	return v.letGo
}

// retire lets the fan go if nobody is left in it.
func (f *fan) retire() bool {
	room := f.room
	room.mu.Lock()
	defer room.mu.Unlock()
	if len(f.list()) > 0 {
		return false
	}
	fans := slices.DeleteFunc(room.fans[f.stream], func(other *fan) bool { return other == f })
	if len(fans) == 0 {
		delete(room.fans, f.stream)
	} else {
		room.fans[f.stream] = fans
	}
	return true
}

func (f *fan) run() {
	defer f.stream.Notify(f.wake)()
	burst := f.room.transport.Burst()
	var due time.Time
	round := func() { due = f.serve(burst) }
	alarm := newAlarm()
	defer alarm.stop()
	for {
		burst.Round(round)
		if err := f.stream.Err(); err != nil {
			for _, v := range f.list() {
				v.end(err)
			}
		}
		if len(f.list()) == 0 && f.retire() {
			return
		}
		alarm.set(due)
		select {
		case <-f.wake:
		case <-alarm.timer.C:
			alarm.rang()
		}
	}
}

// serve goes round the viewers; it returns when the first of what is not yet due
// will be, or the zero time.
func (f *fan) serve(burst *sender.Burst) time.Time {
	var first time.Time
	defer f.rounds.end(f, f.rounds.begin(f))
	n := f.bulletin.read(f.stream, f.listened, time.Now())
	if f.listened {
		first = f.bulletin.next
	}
	f.listened = false
	now := time.Now()
	viewers, frames := f.list(), 0
	stride := 1 + len(viewers)/measuredOf
	f.turn++
	for i, v := range viewers {
		f.listened = f.listened || v.audience.any.Load()
		v.hear(n)
		first = sooner(first, v.serve(burst, now))
		frames += v.sentFrames()
		if (i+f.turn)%stride == 0 {
			now = time.Now()
			v.measure(now)
		}
	}
	f.room.counters.frames.Add(uint64(frames))
	return first
}
