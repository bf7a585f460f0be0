package main

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"millrace/api"
	"millrace/ingest"
	"millrace/playout"
	"millrace/transmux/access"
	"millrace/transmux/bus"
	"millrace/transmux/ledger"
)

func TestWhatBeginsATrace(t *testing.T) {
	for request, want := range map[string][2]string{
		"POST /whep/live/a": {"/whep/", "live/a"}, "POST /whip/live/a": {"/whip/", "live/a"},
		"GET /whep/live/a": {}, "PATCH /sessions/x": {}, "POST /api/v1/drain": {},
	} {
		var method, path string
		if _, err := fmt.Sscan(request, &method, &path); err != nil {
			t.Fatal(err)
		}
		at, stream := cutPath(httptest.NewRequest(method, path, nil))
		if got := [2]string{at, stream}; got != want {
			t.Errorf("%s: %q, want %q", request, got, want)
		}
	}
}

// TestRefusalsHaveAReason goes through what the gates say.
func TestRefusalsHaveAReason(t *testing.T) {
	for want, errs := range map[string][]error{
		"credential":  {fmt.Errorf("x: %w: %w", ingest.ErrDenied, access.ErrWrong), playout.ErrDenied},
		"unavailable": {fmt.Errorf("x: %w", access.ErrUnavailable)},
		"limit":       {ingest.ErrTooManyPublishers, playout.ErrStreamFull, playout.ErrTooManyOfYours},
		"not_live":    {bus.ErrNotLive, &bus.Unavailable{Reason: "x"}, bus.ErrEnded},
		"name":        {bus.ErrBadName},
		"taken":       {fmt.Errorf("%w by 192.0.2.1", bus.ErrNameTaken)},
		"stopping":    {bus.ErrShutdown},
		otherReason:   {errors.New("x")},
	} {
		for _, err := range errs {
			if got := refusalReason(err); got != want {
				t.Errorf("%v: %s, want %s", err, got, want)
			}
		}
	}
	publishers, viewers := measureRefusals(api.NewMetrics("v", bus.New(bus.Config{})))
	publishers("rtmp", bus.ErrNameTaken)
	viewers("whep", errors.New("x")) // kinds and reasons that there are: no panic
	if len(sessionKinds) == 0 || sessionKinds[0].Role != ledger.Publisher {
		t.Error("no kinds")
	}
}
