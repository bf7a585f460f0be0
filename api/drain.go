package api

import (
	"errors"
	"net/http"
	"time"

	"millrace/transmux/problem"
)

// Drain is how far this node has come in letting everybody go.
type Drain struct {
	Draining   bool       `json:"draining"`
	Since      *time.Time `json:"since,omitempty"`
	Until      *time.Time `json:"until,omitempty"` // it stops then, or as soon as nobody is left
	Viewers    int        `json:"viewers"`         // that are here still
	Publishers int        `json:"publishers"`
	Children   int        `json:"children"` // streams that other nodes fetch here, times the nodes
}

// Drainer lets everybody go, and then has the process stop.
type Drainer interface {
	// Drain begins; a zero grace is the configuration's. Once begun it is not
	// begun again, but may be cut short.
	Drain(grace time.Duration)
	State() Drain
}

// maxGrace is longer than anybody waits.
const maxGrace = 24 * time.Hour

var errGrace = errors.New("grace is a duration, such as 30s or 5m, and at most a day")

// drain begins to let everybody go, with 202 and how many there are.
func (a *API) drain(w http.ResponseWriter, r *http.Request) {
	if a.cfg.Drain == nil {
		fail(w, http.StatusNotFound, "There is nothing to drain", "This gateway is about to start or to stop.")
		return
	}
	var grace time.Duration
	if text := r.URL.Query().Get("grace"); text != "" {
		var err error
		if grace, err = time.ParseDuration(text); err != nil || grace <= 0 || grace > maxGrace {
			problem.New(http.StatusBadRequest, errGrace.Error()).Write(w)
			return
		}
	}
	a.SetReady(false)
	a.cfg.Drain.Drain(grace)
	answerWith(w, http.StatusAccepted, a.cfg.Drain.State())
}

// drained says how far it is.
func (a *API) drained(w http.ResponseWriter, _ *http.Request) {
	var d Drain
	if a.cfg.Drain != nil {
		d = a.cfg.Drain.State()
	}
	answer(w, d)
}
