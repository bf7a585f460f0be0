package api

import (
	"context"
	"time"
)

// Hook is somebody who is told of events, as the API tells it.
type Hook struct {
	Name      string    `json:"name"`
	Kind      string    `json:"kind"`    // "web" or "exec"
	Target    string    `json:"target"`  // the URL without credentials, or the program
	Events    []string  `json:"events"`  // the kinds that it is told; none for all
	Streams   []string  `json:"streams"` // patterns of those it is told of; none for all
	State     string    `json:"state"`   // "idle", "delivering", "retrying"
	Queued    int       `json:"queued"`
	Delivered uint64    `json:"delivered"`
	Failed    uint64    `json:"failed"`  // attempts
	Dropped   uint64    `json:"dropped"` // events that were given up
	LastError string    `json:"last_error"`
	LastAt    time.Time `json:"last_at,omitzero"` // of the last delivery
	Next      time.Time `json:"next,omitzero"`    // attempt, while it is retrying
}

// ListHooks is in the configuration's order.
func (o operations) ListHooks(context.Context, ListHooksRequestObject) (ListHooksResponseObject, error) {
	list := HookList{Hooks: []Hook{}}
	if o.cfg.Hooks != nil {
		list.Hooks = append(list.Hooks, o.cfg.Hooks()...)
	}
	for i := range list.Hooks {
		h := &list.Hooks[i]
		h.Events, h.Streams = append([]string{}, h.Events...), append([]string{}, h.Streams...)
		h.LastAt, h.Next = whole(h.LastAt), whole(h.Next)
	}
	list.Total = len(list.Hooks)
	return ListHooks200JSONResponse{Body: list}, nil
}

// whole leaves out what nobody reads of a time; the zero time stays.
func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
