package edge

import (
	"time"

	"millrace/cluster/wire"
	"millrace/transmux/av"
)

const (
	// A frame that is missing is waited for: the transport sends it again until it
	// comes. pictureWait is how long while a newer keyframe is here to go on with,
	// soundWait how long sound waits for a packet at all; patienceWait is for
	// pictures without a keyframe to go to.
	pictureWait  = 500 * time.Millisecond
	soundWait    = 400 * time.Millisecond
	patienceWait = 2 * time.Second
	// maxWaiting bounds the frames that wait for one: many seconds of any track.
	maxWaiting = 2048
	// maxHeld bounds their bytes: some seconds of the fattest stream.
	maxHeld = 64 << 20
)

// sequencer puts the frames of one channel into their order again. It is data; its
// owner calls it from one goroutine at a time.
type sequencer struct {
	video   bool
	begun   bool   // an Entry has been seen
	next    uint64 // the number that is due
	waiting map[uint64]*wire.Frame
	held    int       // bytes of what waits
	since   time.Time // when something began to wait, zero if nothing does
	seekKey bool      // pictures are missing: nothing is of use before a keyframe

	lost uint64
}

func newSequencer(video bool) *sequencer {
	return &sequencer{video: video, waiting: make(map[uint64]*wire.Frame)}
}

// push takes a frame as it comes.
func (q *sequencer) push(f *wire.Frame, now time.Time) {
	switch {
	case q.begun && f.Number < q.next:
		return
	case f.Entry && (!q.begun || f.Number > q.next):
		// What is before it will not come, or is not needed.
		if q.begun {
			q.lost += f.Number - q.next
		}
		q.begun, q.next, q.seekKey = true, f.Number, false
		q.dropBelow(f.Number)
	case q.waiting[f.Number] != nil, f.Number != q.next && (len(q.waiting) >= maxWaiting || q.held >= maxHeld):
		return
	}
	q.waiting[f.Number] = f
	q.held += f.AV.Size()
	if q.since.IsZero() {
		q.since = now
	}
}

// peek is the frame that is due, nil if it is not here. Pictures that need others
// that are lost are passed over.
func (q *sequencer) peek(now time.Time) *wire.Frame {
	for q.begun {
		f := q.waiting[q.next]
		switch {
		case f == nil && !q.giveUp(now):
			return nil
		case f == nil:
		case q.seekKey && f.AV.Type != av.Key:
			q.lost++
			q.take(now)
		default:
			q.seekKey = false
			return f
		}
	}
	return nil
}

// take removes the frame that peek showed.
func (q *sequencer) take(now time.Time) {
	q.drop(q.next)
	q.next++
	q.since = time.Time{}
	if len(q.waiting) > 0 {
		q.since = now
	}
}

func (q *sequencer) drop(n uint64) {
	if f := q.waiting[n]; f != nil {
		q.held -= f.AV.Size()
		delete(q.waiting, n)
	}
}

func (q *sequencer) dropBelow(number uint64) {
	for n := range q.waiting {
		if n < number {
			q.drop(n)
		}
	}
}

// giveUp goes on without a frame that has been waited for long enough, and says
// whether it did.
func (q *sequencer) giveUp(now time.Time) bool {
	if len(q.waiting) == 0 {
		return false
	}
	waited := now.Sub(q.since)
	to := uint64(0)
	for n, f := range q.waiting {
		switch {
		case !q.video && waited >= soundWait, q.video && waited >= patienceWait:
			if to == 0 || n < to {
				to = n
			}
		case q.video && waited >= pictureWait && f.AV.Type == av.Key && n > to:
			to = n
		}
	}
	if to == 0 { // number 0 is an Entry and never waits
		return false
	}
	q.dropBelow(to)
	q.lost += to - q.next
	q.next = to
	q.seekKey = q.video
	return true
}
