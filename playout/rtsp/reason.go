package rtsp

import (
	"context"
	"errors"
	"fmt"

	"millrace/playout"
	"millrace/transmux/access"
	"millrace/transmux/bus"
	"millrace/transmux/rtsp"
)

// refusal is what a viewer is told that was not let in, in words that help.
func refusal(name string, err error) error {
	r := &rtsp.Refusal{Err: fmt.Errorf("rtsp: %w", err)}
	no := new(access.Refusal)
	var why *bus.Unavailable
	switch {
	case errors.Is(err, bus.ErrBadName):
		return rtsp.Misnamed(r.Err)
	case errors.As(err, &no):
		return rtsp.Denied(no, r.Err)
	case errors.Is(err, playout.ErrDenied):
		r.Status, r.Words = rtsp.StatusUnauthorized, "watching "+name+" needs other credentials"
	case errors.As(err, &why):
		r.Status, r.Words = rtsp.StatusUnavailable, why.Reason
	case errors.Is(err, bus.ErrNotLive), errors.Is(err, bus.ErrEnded):
		r.Status, r.Words = rtsp.StatusNotFound, name+" is not live: nobody publishes it now"
	case errors.Is(err, errNothing):
		r.Status, r.Words = rtsp.StatusUnsupported, name+" has nothing that RTSP can carry yet"
	case errors.Is(err, playout.ErrStreamFull):
		r.Status, r.Words = rtsp.StatusUnavailable, name+" has as many viewers as one stream may have"
	case errors.Is(err, playout.ErrTooManyOfYours):
		r.Status, r.Words = rtsp.StatusUnavailable, "as many watch from your address as may"
	case errors.Is(err, playout.ErrTooManyViewers):
		r.Status, r.Words = rtsp.StatusUnavailable, "the gateway has as many viewers as it is set to take"
	case errors.Is(err, bus.ErrShutdown), errors.Is(err, context.Canceled):
		r.Status, r.Words = rtsp.StatusUnavailable, "the gateway is shutting down"
	default:
		r.Status, r.Words = rtsp.StatusInternal, "the gateway could not let you watch: its log says why"
	}
	return r
}
