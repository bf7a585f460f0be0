package hooks

import "time"

// The kinds of hooks.
const (
	Web  = "web"
	Exec = "exec"
)

// The states of a hook.
const (
	Idle       = "idle"
	Delivering = "delivering"
	Retrying   = "retrying" // some of it waits for the next attempt
)

// Status is what can be said of a hook at one moment. It has no secrets.
type Status struct {
	Name, Kind    string
	Target        string   // the receiver's scheme and host, or the program's name
	Events        []string // the kinds that it is told; empty for all
	Streams       []string // patterns; empty for all
	State         string
	Queued        int // events that are still to be told
	RetryingSince time.Time
	Next          time.Time // attempt, while it is Retrying
	LastError     string    // however long ago
	LastAt        time.Time // of the last event that was delivered
	Counts        Counts
}

// Status is what can be said of all hooks, by name.
func (r *Room) Status() []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]Status, len(r.hooks))
	for i, h := range r.hooks {
		list[i] = h.status()
	}
	return list
}

// Counts are those of all hooks, by name.
func (r *Room) Counts() map[string]Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make(map[string]Counts, len(r.hooks))
	for _, h := range r.hooks {
		h.mu.Lock()
		all[h.cfg.Name] = h.counts
		h.mu.Unlock()
	}
	return all
}

func (h *hook) status() Status {
	s := Status{Name: h.cfg.Name, Kind: Web, Target: h.carrier.target(), State: Idle, Queued: h.pending()}
	if len(h.cfg.Command) > 0 {
		s.Kind = Exec
	}
	for _, kind := range h.cfg.Kinds {
		s.Events = append(s.Events, string(kind))
	}
	s.Streams = h.cfg.Streams
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Counts, s.LastError, s.LastAt = h.counts, h.lastError, h.lastAt
	s.RetryingSince, s.Next = h.failingLocked()
	switch {
	case !s.RetryingSince.IsZero():
		s.State = Retrying
	case h.underway > 0:
		s.State = Delivering
	}
	return s
}
