package api

import (
	"context"
	"net/http"
	"slices"

	"millrace/transmux/journal"
	"millrace/transmux/problem"
)

// Event is one that happened.
type Event = journal.Event

// errForgotten is for who asks what came after something that is not known here.
var errForgotten = &problem.Problem{
	Status: http.StatusGone, Title: "That event is not known any more",
	Detail: "It is of another node, or from before the gateway was started. Ask without after.",
}

// ListEvents gives the newest, or the oldest after the one that is named.
func (o operations) ListEvents(_ context.Context, r ListEventsRequestObject) (ListEventsResponseObject, error) {
	limit, err := limitOf(r.Params.Limit)
	if err != nil {
		return nil, err
	}
	seq, resumed, ok := resumption(o.cfg.Journal, r.Params)
	if !ok {
		return nil, errForgotten
	}
	events, missed := o.cfg.Journal.After(seq, int(o.cfg.Journal.Last()))
	wanted := filterOf(r.Params)
	events = slices.DeleteFunc(events, func(e Event) bool { return !wanted(&e) })
	list := EventList{Total: len(events)}
	if resumed {
		list.Events = events[:min(limit, len(events))]
		if missed > 0 {
			list.Missed = new(missed)
		}
	} else {
		list.Events = events[max(0, len(events)-limit):]
	}
	if list.Events == nil {
		list.Events = []Event{}
	}
	return ListEvents200JSONResponse(list), nil
}

// resumption is after which event the client wants to go on, if it says so; ok is
// false if that is not known.
func resumption(j *journal.Journal, p ListEventsParams) (seq uint64, resumed, ok bool) {
	id := given(p.LastEventID) // the newer of the two: a URL stays as it was
	if id == "" {
		id = given(p.After)
	}
	if id == "" {
		return 0, false, true
	}
	seq, ok = j.SeqOf(id)
	return seq, true, ok
}

// filterOf says which events the client wants.
func filterOf(p ListEventsParams) func(*Event) bool {
	kinds := given(p.Kind)
	return func(e *Event) bool {
		return (p.Stream == nil || e.Stream == *p.Stream) && (len(kinds) == 0 || slices.Contains(kinds, string(e.Kind)))
	}
}
