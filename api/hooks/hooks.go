// Package hooks tells others what happens on this node: each event of the journal as
// an HTTP request (a webhook), or as a command that is run.
//
// cmd/millrace makes it from the configuration's section hooks. It follows the
// journal at each receiver's own pace, so that a receiver that is slow or away costs
// nobody else anything: what the journal keeps is the queue. It must not know how
// events come about, nor may it ever make whoever tells one wait.
//
// A hook has lanes. The events of one stream are always in the same lane and go one
// after the other; lanes do not wait for each other.
package hooks

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"millrace/transmux/journal"
)

// lastChance is for what has not been delivered when the gateway stops: of the five
// seconds in which it is to be gone, the sessions' farewells need the others.
const lastChance = 1500 * time.Millisecond

// afterglow is for what is told while the gateway stops by those whom nobody waits
// for: that the last sessions have ended.
const afterglow = 50 * time.Millisecond

// Journal is where events come from; *journal.Journal is one.
type Journal interface {
	After(seq uint64, limit int) (events []journal.Event, missed uint64)
	Changed() <-chan struct{}
	Last() uint64
}

// Room delivers events. Its methods are safe for concurrent use.
type Room struct {
	journal   Journal
	transport http.RoundTripper
	log       *slog.Logger

	mu      sync.Mutex
	hooks   []*hook // by name
	serving context.Context
	last    chan struct{} // closed when what is pending has its last chance
	closed  bool
}

// New makes a room that delivers nothing before Serve runs; what is told until then
// is not lost. transport carries the webhooks; nil is the network, by way of the
// proxies that the environment names.
func New(cfg []Hook, j Journal, transport http.RoundTripper, log *slog.Logger) *Room {
	if transport == nil {
		transport = newTransport()
	}
	r := &Room{journal: j, transport: transport, log: log, last: make(chan struct{})}
	r.Configure(cfg)
	return r
}

// Configure makes these the hooks, which must be valid. One that has not changed goes
// on without noticing; one that has changed goes on where it was, in the new way; a
// new one is told what happens from now on.
func (r *Room) Configure(cfg []Hook) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	var next []*hook
	for i := range cfg {
		at := slices.IndexFunc(r.hooks, func(h *hook) bool { return h.cfg.Name == cfg[i].Name })
		if at < 0 {
			next = append(next, newHook(r, cfg[i]))
			continue
		}
		h := r.hooks[at]
		if !h.cfg.Equal(&cfg[i]) {
			h.halt()
			h.become(cfg[i], h.resume())
		}
		next = append(next, h)
	}
	for _, h := range r.hooks {
		if !slices.Contains(next, h) {
			h.halt()
		}
	}
	slices.SortFunc(next, func(a, b *hook) int { return cmp.Compare(a.cfg.Name, b.cfg.Name) })
	r.hooks = next
	r.startLocked()
}

// startLocked starts the hooks that do not run, if they are to.
func (r *Room) startLocked() {
	if r.serving == nil {
		return
	}
	for _, h := range r.hooks {
		h.start(r.serving, r.last)
	}
}

// Serve delivers until ctx ends, and then gives what is pending a last chance. What
// is not delivered by then is counted in the log.
func (r *Room) Serve(ctx context.Context) error {
	serving, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	r.mu.Lock()
	r.serving = serving
	r.startLocked()
	r.mu.Unlock()
	<-ctx.Done()

	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	if len(r.hooks) > 0 {
		<-time.After(afterglow)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.last)
	late := time.AfterFunc(lastChance, cut)
	defer late.Stop()
	for _, h := range r.hooks {
		h.work.Wait()
		if lost := h.pending(); lost > 0 {
			r.log.Warn("hooks: events are lost with the stop", "hook", h.cfg.Name, "events", lost)
		}
	}
	if idle, ok := r.transport.(interface{ CloseIdleConnections() }); ok {
		idle.CloseIdleConnections()
	}
	return nil
}
