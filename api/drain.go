package api

import (
	"context"
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

// StartDrain begins to let everybody go, and says how many there are.
func (o operations) StartDrain(_ context.Context, r StartDrainRequestObject) (StartDrainResponseObject, error) {
	if o.cfg.Drain == nil {
		return nil, &problem.Problem{
			Status: http.StatusNotFound, Title: "There is nothing to drain", Detail: "This gateway is about to start or to stop.",
		}
	}
	var grace time.Duration
	if text := given(r.Params.Grace); text != "" {
		var err error
		if grace, err = time.ParseDuration(text); err != nil || grace <= 0 || grace > maxGrace {
			return nil, problem.New(http.StatusBadRequest, errGrace.Error())
		}
	}
	o.SetReady(false)
	o.cfg.Drain.Drain(grace)
	return StartDrain202JSONResponse(o.cfg.Drain.State()), nil
}

// GetDrain says how far it is.
func (o operations) GetDrain(context.Context, GetDrainRequestObject) (GetDrainResponseObject, error) {
	var d Drain
	if o.cfg.Drain != nil {
		d = o.cfg.Drain.State()
	}
	return GetDrain200JSONResponse(d), nil
}
