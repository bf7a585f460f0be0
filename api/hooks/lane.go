package hooks

import (
	"context"
	"hash/maphash"
	"time"

	"millrace/transmux/journal"
)

// batch is how many events are read of the journal at once: it is locked meanwhile.
const batch = 64

// laneSeed spreads streams over lanes, differently in each process: nobody can name
// streams so that they all are in one.
var laneSeed = maphash.MakeSeed()

// lane delivers a part of the streams' events in their order. Its goroutine runs
// while the hook does.
type lane struct {
	hook   *hook
	number int
	pauses pauses

	// Guarded by hook.mu:
	cursor  uint64    // up to here all is settled
	failing time.Time // since when attempts fail; zero if the last one did not
	next    time.Time // attempt, while it waits for that
}

// laneOf is which of so many lanes a stream's events are in.
func laneOf(stream string, lanes int) int {
	return int(maphash.String(laneSeed, stream) % uint64(lanes))
}

// run follows the journal until ctx ends, or until nothing is pending when the last
// chance has come.
func (l *lane) run(ctx context.Context, last <-chan struct{}) {
	j := l.hook.room.journal
	for ctx.Err() == nil {
		changed := j.Changed()
		cursor := l.hook.cursorOf(l)
		events, missed := j.After(cursor, batch)
		if len(events) == 0 {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				return
			case <-last:
				return
			}
		}
		if missed > 0 && !l.miss(ctx, last, events[0], missed) {
			return
		}
		for i := range events {
			e := &events[i]
			if laneOf(e.Stream, len(l.hook.lanes)) == l.number && l.hook.wants(e) && !l.deliver(ctx, last, &Message{Event: *e}) {
				return
			}
			l.hook.settle(l, e.Seq)
		}
	}
}

// miss tells how many events are gone, unless another lane has told it of the same.
func (l *lane) miss(ctx context.Context, last <-chan struct{}, next journal.Event, missed uint64) bool {
	n := l.hook.miss(span{next.Seq - 1 - missed, next.Seq - 1})
	if n == 0 {
		return true
	}
	l.hook.room.log.Warn("hooks: too far behind, and events are gone", "hook", l.hook.cfg.Name, "events", n)
	m := missedBefore(next, n)
	if !l.deliver(ctx, last, &m) {
		return false
	}
	l.hook.settle(l, next.Seq-1)
	return true
}

// deliver tries until the message is taken or refused, or until it is given up; it
// is false when it is neither, because there is no time left.
func (l *lane) deliver(ctx context.Context, last <-chan struct{}, m *Message) bool {
	h := l.hook
	begun := time.Now()
	for {
		err := h.attempt(ctx, m)
		switch {
		case err == nil:
			l.pauses = pauses{}
			h.succeeded(l)
			return true
		case ctx.Err() != nil:
			return false
		case isFinal(err):
			l.pauses = pauses{}
			h.refused(l, m, err)
			return true
		case time.Since(begun) >= h.cfg.giveUp():
			h.gaveUp(m, err)
			return true
		}
		pause := max(l.pauses.next(), wished(err))
		h.failed(l, m, err, pause)
		select {
		case <-last:
			return false // it has had its last chance
		default:
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-last: // now or never
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return false
		}
	}
}
