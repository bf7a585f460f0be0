package hooks

import (
	"context"
	"log/slog"
	"time"
)

// Counts are a hook's, since it is there.
type Counts struct {
	Delivered uint64
	Failed    uint64 // attempts
	Refused   uint64 // events that the receiver does not want
	GivenUp   uint64 // events that were tried for too long
	Missed    uint64 // events that were gone before they could be tried
}

// span is what comes after one Seq, up to another.
type span struct{ after, upTo uint64 }

// without is how much of it is not in the other one.
func (s span) without(o span) uint64 {
	n := s.upTo - s.after
	if after, upTo := max(s.after, o.after), min(s.upTo, o.upTo); after < upTo {
		n -= upTo - after
	}
	return n
}

// miss counts events that are gone, but those that another lane has counted.
func (h *hook) miss(now span) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := now.without(h.gone)
	if now.after <= h.gone.upTo && h.gone.after <= now.upTo {
		now = span{min(now.after, h.gone.after), max(now.upTo, h.gone.upTo)}
	}
	h.gone = now
	h.counts.Missed += n
	return n
}

// log is for what is to be said of a message.
func (h *hook) log(m *Message) *slog.Logger {
	log := h.room.log.With("hook", h.cfg.Name, "event", m.ID, "kind", string(m.Kind))
	if m.Stream != "" {
		log = log.With("stream", m.Stream)
	}
	return log
}

// succeeded notes that the receiver takes what a lane brings.
func (h *hook) succeeded(l *lane) {
	h.mu.Lock()
	h.counts.Delivered++
	h.lastAt = time.Now()
	since := h.answeredLocked(l)
	h.mu.Unlock()
	if !since.IsZero() {
		h.room.log.Info("hooks: delivered again", "hook", h.cfg.Name, "after", time.Since(since).Round(time.Millisecond))
	}
}

// answeredLocked notes that it is not the receiver's absence any more; since is when
// that began, if this is the end of it.
func (h *hook) answeredLocked(l *lane) (since time.Time) {
	since, _ = h.failingLocked()
	l.failing, l.next = time.Time{}, time.Time{}
	if now, _ := h.failingLocked(); !now.IsZero() {
		return time.Time{}
	}
	return since
}

// failingLocked is since when a lane waits for the receiver, and when the next one
// tries again.
func (h *hook) failingLocked() (since, next time.Time) {
	for _, l := range h.lanes {
		if !l.failing.IsZero() && (since.IsZero() || l.failing.Before(since)) {
			since = l.failing
		}
		if !l.next.IsZero() && (next.IsZero() || l.next.Before(next)) {
			next = l.next
		}
	}
	return since, next
}

// failed notes an attempt that will be followed by another one after the pause. Only
// the first of all is news.
func (h *hook) failed(l *lane, m *Message, err error, pause time.Duration) {
	now := time.Now()
	h.mu.Lock()
	before, _ := h.failingLocked()
	if l.failing.IsZero() {
		l.failing = now
	}
	l.next = now.Add(pause)
	h.blameLocked(err)
	h.mu.Unlock()
	level := slog.LevelDebug
	if before.IsZero() {
		level = slog.LevelWarn
	}
	h.log(m).Log(context.Background(), level, "hooks: not delivered, and tried again", "cause", err, "again_in", pause.Round(time.Millisecond))
}

func (h *hook) blameLocked(err error) {
	h.counts.Failed++
	h.lastError = err.Error()
}

// refused notes an event that the receiver will not have.
func (h *hook) refused(l *lane, m *Message, err error) {
	h.mu.Lock()
	h.blameLocked(err)
	h.counts.Refused++
	h.answeredLocked(l)
	h.mu.Unlock()
	h.log(m).Warn("hooks: not delivered, and not tried again", "cause", err)
}

// gaveUp notes an event that was tried for too long.
func (h *hook) gaveUp(m *Message, err error) {
	h.mu.Lock()
	h.blameLocked(err)
	h.counts.GivenUp++
	h.mu.Unlock()
	h.log(m).Warn("hooks: not delivered, and given up", "cause", err, "after", h.cfg.giveUp())
}
