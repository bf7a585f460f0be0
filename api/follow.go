package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"millrace/transmux/journal"
	"millrace/transmux/problem"
)

const (
	// maxFollowers bounds the connections that stay: each is a goroutine and some
	// ten kilobytes, and dashboards and hooks of one's own are not many.
	maxFollowers = 256
	// followPulse keeps what is between from closing a connection as idle; half a
	// minute is the shortest there is, and some take two lines to notice.
	followPulse = 15 * time.Second
	// followPatience is for a client that reads nothing.
	followPatience = 10 * time.Second
	// followBatch is how many events are written between two looks.
	followBatch = 100
)

// followers counts those who follow the events.
type followers struct {
	now     atomic.Int64
	refused atomic.Uint64
}

// takesEventStream is of a client that wants server-sent events.
func takesEventStream(r *http.Request) bool {
	for accept := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		kind, _, _ := strings.Cut(accept, ";")
		if strings.TrimSpace(kind) == "text/event-stream" {
			return true
		}
	}
	return false
}

// followEvents writes events as they happen, until the client or the gateway goes.
func (a *API) followEvents(w http.ResponseWriter, r *http.Request, params ListEventsParams) {
	defer a.followers.now.Add(-1)
	if a.followers.now.Add(1) > maxFollowers {
		a.followers.refused.Add(1)
		problem.New(http.StatusServiceUnavailable, fmt.Sprintf(
			"%d clients follow the events already, which is as many as may. Close one, or ask for the list again and again.", maxFollowers)).
			After(followPulse).Write(w)
		return
	}
	j := a.cfg.Journal
	f := &follower{w: w, flow: http.NewResponseController(w), wanted: filterOf(params)}
	// net/http's own deadlines are for answers that end.
	_ = f.flow.SetReadDeadline(time.Time{})
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would keep it all back
	seq, resumed, known := resumption(j, params)
	first := ": events as they happen\n\n"
	switch {
	case !known:
		first = "event: missed\ndata: {\"missed\":null}\n\n"
	case !resumed:
		seq = j.Last()
	}
	if f.write(first) == nil {
		f.run(r.Context(), j, seq)
	}
}

// follower is one client's connection.
type follower struct {
	w      io.Writer
	flow   *http.ResponseController
	wanted func(*Event) bool
}

func (f *follower) run(ctx context.Context, j *journal.Journal, seq uint64) {
	ticks := time.NewTicker(followPulse)
	defer ticks.Stop()
	for {
		changed := j.Changed()
		events, missed := j.After(seq, followBatch)
		text := new(strings.Builder)
		if missed > 0 {
			fmt.Fprintf(text, "event: missed\ndata: {\"missed\":%d}\n\n", missed)
		}
		for i := range events {
			e := &events[i]
			if seq = e.Seq; f.wanted(e) {
				data, _ := json.Marshal(e) // strings and numbers: it cannot fail
				fmt.Fprintf(text, "id: %s\nevent: %s\ndata: %s\n\n", e.ID, e.Kind, data)
			}
		}
		if text.Len() > 0 && f.write(text.String()) != nil {
			return
		}
		if len(events) == followBatch {
			continue
		}
		select {
		case <-changed:
		case <-ticks.C:
			if f.write(":\n\n") != nil {
				return
			}
		case <-ctx.Done():
			return
		case <-stopping(ctx):
			return
		}
	}
}

// write has it go out now, or not at all. Over HTTP/2 a deadline that passes ends the
// stream though nothing is being written, so there is none in between.
func (f *follower) write(text string) error {
	_ = f.flow.SetWriteDeadline(time.Now().Add(followPatience)) // not there in tests
	defer func() { _ = f.flow.SetWriteDeadline(time.Time{}) }()
	if _, err := io.WriteString(f.w, text); err != nil {
		return err
	}
	return f.flow.Flush()
}
