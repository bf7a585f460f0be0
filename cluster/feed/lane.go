package feed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"millrace/cluster/wire"
	"millrace/transmux/av"
	"millrace/transmux/bus"
)

const (
	// batch is how many bytes of a GOP that is sent at once go together: a stream of
	// QUIC's for each frame of it would be a waste, and a lost packet hold back no less.
	batch = 32 << 10
	// revocable is how many sends are remembered, to be taken back if they have become
	// too old before they arrived.
	revocable = 64
)

// lane sends the tracks of one kind to a child, in a goroutine of its own: sound
// does not wait for a keyframe to leave.
type lane struct {
	child *child
	kind  av.Kind
	kick  chan struct{}

	mu   sync.Mutex
	plan []planned // guarded by mu; what to follow from now on

	// Of the lane's goroutine:
	readers []*reader
	buf     []byte
}

// reader is a cursor on one track.
type reader struct {
	planned
	tap     *bus.Subscriber
	cursor  *bus.Cursor
	number  uint64
	have    uint64 // the child has the frames up to this one
	entries uint32 // of the cursor at the last frame
	cancels []func()
}

func newLane(c *child, kind av.Kind) *lane {
	return &lane{child: c, kind: kind, kick: make(chan struct{}, 1)}
}

// follow gives the lane the tracks of a new catalog.
func (l *lane) follow(plan []planned) {
	l.mu.Lock()
	l.plan = plan
	l.mu.Unlock()
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

func (l *lane) run(ctx context.Context) error {
	defer l.settle(nil)
	for {
		changed := l.child.stream.Changed()
		if l.child.stream.Err() != nil {
			return nil // the child's run says so
		}
		l.mu.Lock()
		plan := l.plan
		l.mu.Unlock()
		l.settle(plan)
		for {
			sent, err := l.send()
			if err != nil || ctx.Err() != nil {
				return err
			}
			if !sent {
				break
			}
		}
		select {
		case <-changed:
		case <-l.kick:
		case <-ctx.Done():
			return nil
		}
	}
}

// settle keeps the readers of tracks that are in the plan, and makes what is missing.
func (l *lane) settle(plan []planned) {
	var next []*reader
	for _, p := range plan {
		if p.track.Kind != l.kind {
			continue
		}
		if i := slices.IndexFunc(l.readers, func(r *reader) bool { return r.channel == p.channel }); i >= 0 {
			next = append(next, l.readers[i])
			continue
		}
		r := &reader{planned: p, tap: l.child.stream.Tap(), have: l.child.has(p.position)}
		if l.kind == av.Video {
			r.tap.Follow(p.track.ID, 0)
			r.cursor = r.tap.Video()
		} else {
			r.tap.Follow(0, p.track.ID)
			r.cursor = r.tap.Audio()
		}
		next = append(next, r)
	}
	for _, r := range l.readers {
		if !slices.Contains(next, r) {
			r.tap.Close()
		}
	}
	l.readers = next
}

// oldest is the reader with the oldest frame, nil at the live edge.
func (l *lane) oldest() (*reader, *av.Frame) {
	var from *reader
	var frame *av.Frame
	for _, r := range l.readers {
		if f := l.child.news(r); f != nil && (frame == nil || f.Seq < frame.Seq) {
			from, frame = r, f
		}
	}
	return from, frame
}

// send sends the next frame, and with it others that wait if they are small.
func (l *lane) send() (sent bool, err error) {
	l.buf = l.buf[:0]
	n := 0
	r, f := l.oldest()
	last := r
	for f != nil && (n == 0 || len(l.buf)+f.Size() <= batch && r == last) {
		r.cursor.Advance()
		encoded, err := l.encode(r, f)
		if err != nil {
			return false, err
		}
		if encoded {
			n++
		}
		sent, last = true, r
		r, f = l.oldest()
	}
	if n == 0 {
		return sent, nil
	}
	cancel, err := l.child.link.SendFrames(l.buf, n, l.kind == av.Audio, func() bool {
		last.cursor.Peek()
		return last.cursor.Entries() != last.entries
	})
	if errors.Is(err, wire.ErrGivenUp) {
		l.child.room.counts.canceled.Add(1)
		return true, nil
	}
	if err != nil {
		return false, err
	}
	l.child.room.counts.frames.Add(uint64(n))
	l.child.room.counts.bytes.Add(uint64(len(l.buf)))
	if len(last.cancels) == revocable {
		last.cancels = last.cancels[:copy(last.cancels, last.cancels[1:])]
	}
	last.cancels = append(last.cancels, cancel)
	return true, nil
}

// encode appends a frame to the buffer, with its origin's numbers. One of a
// generation that is over is let go: its numbers are no longer known.
func (l *lane) encode(r *reader, f *av.Frame) (bool, error) {
	cat := l.child.stream.Catalog()
	if f.Generation != cat.Generation {
		return false, nil
	}
	entry := r.cursor.Entries() != r.entries
	if entry {
		// What is still on its way of the GOP before is of no use any more.
		for _, cancel := range r.cancels {
			cancel()
		}
		r.cancels, r.entries = r.cancels[:0], r.cursor.Entries()
	}
	form, err := l.child.form(f.Track, r.channel, cat.Origin.IDs)
	if err != nil {
		return false, err
	}
	copied := *f
	copied.PTS -= cat.Origin.Shift
	copied.DTS -= cat.Origin.Shift
	l.buf = wire.AppendFrame(l.buf, &wire.Frame{
		Channel: r.channel, Form: form, Number: r.number, Entry: entry, Sent: time.Now().UnixNano(), AV: &copied,
	})
	r.number++
	return true, nil
}
