package hooks

import (
	"context"
	"slices"
	"sync"
	"time"

	"millrace/transmux/access"
	"millrace/transmux/journal"
)

// carrier brings messages to a receiver.
type carrier interface {
	// carry makes one attempt. An error that is final must not be followed by
	// another one of the same message.
	carry(ctx context.Context, m *Message) error
	// target is where to, without anything that may be a secret.
	target() string
}

// hook is a Hook at work.
type hook struct {
	room *Room

	// Changed only while no lane runs:
	cfg     Hook
	streams []access.Pattern
	carrier carrier
	lanes   []*lane
	stop    context.CancelFunc // nil while it does not run
	work    sync.WaitGroup

	mu        sync.Mutex
	counts    Counts
	gone      span // of the journal: what has been counted as missed last
	underway  int  // attempts
	lastError string
	lastAt    time.Time
}

func newHook(r *Room, cfg Hook) *hook {
	h := &hook{room: r}
	h.become(cfg, r.journal.Last())
	return h
}

// resume is up to where all is settled.
func (h *hook) resume() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cursorLocked()
}

// become takes another configuration. With another number of lanes they begin after
// that Seq, and what only some of them had settled comes again.
func (h *hook) become(cfg Hook, cursor uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	same := len(h.lanes) == cfg.lanes()
	for _, l := range h.lanes {
		l.failing, l.next, l.pauses = time.Time{}, time.Time{}, pauses{}
	}
	h.cfg = cfg
	h.streams, _ = access.ParsePatterns(cfg.Streams) // it has been validated
	if !same {
		h.lanes = make([]*lane, cfg.lanes())
		for i := range h.lanes {
			h.lanes[i] = &lane{hook: h, number: i, cursor: cursor}
		}
	}
	if cfg.URL != "" {
		h.carrier = newWebhook(&h.cfg, h.room.transport)
	} else {
		h.carrier = &command{cfg: &h.cfg, log: h.room.log}
	}
}

// wants says whether the receiver is to be told of an event.
func (h *hook) wants(e *journal.Event) bool {
	if len(h.cfg.Kinds) > 0 && !slices.Contains(h.cfg.Kinds, e.Kind) {
		return false
	}
	return len(h.streams) == 0 || slices.ContainsFunc(h.streams, func(p access.Pattern) bool { return p.Match(e.Stream) })
}

// start runs the lanes, unless they run.
func (h *hook) start(ctx context.Context, last <-chan struct{}) {
	if h.stop != nil {
		return
	}
	ctx, h.stop = context.WithCancel(ctx)
	for _, l := range h.lanes {
		h.work.Go(func() { l.run(ctx, last) })
	}
}

// halt ends the lanes and their attempts, and waits for them.
func (h *hook) halt() {
	if h.stop != nil {
		h.stop()
		h.work.Wait()
		h.stop = nil
	}
}

// cursorLocked is up to where everything is settled.
func (h *hook) cursorLocked() uint64 {
	least := h.lanes[0].cursor
	for _, l := range h.lanes {
		least = min(least, l.cursor)
	}
	return least
}

func (h *hook) cursorOf(l *lane) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return l.cursor
}

// settle says that a lane has nothing to do with anything up to there any more.
func (h *hook) settle(l *lane, seq uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l.cursor = max(l.cursor, seq)
}

// pending is how many events are still to be told.
func (h *hook) pending() (n int) {
	h.mu.Lock()
	cursors := make([]uint64, len(h.lanes))
	for i, l := range h.lanes {
		cursors[i] = l.cursor
	}
	seq := h.cursorLocked()
	h.mu.Unlock()
	for {
		events, missed := h.room.journal.After(seq, batch)
		if len(events) == 0 {
			return n
		}
		seq += missed
		for i := range events {
			e := &events[i]
			if e.Seq > cursors[laneOf(e.Stream, len(cursors))] && h.wants(e) {
				n++
			}
		}
		seq += uint64(len(events))
	}
}

// attempt makes one, within the hook's timeout.
func (h *hook) attempt(ctx context.Context, m *Message) error {
	h.mu.Lock()
	h.underway++
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.underway--
		h.mu.Unlock()
	}()
	ctx, cancel := context.WithTimeout(ctx, h.cfg.timeout())
	defer cancel()
	return h.carrier.carry(ctx, m)
}
