package rtsp

import (
	"errors"
	"fmt"

	"millrace/ingest"
	"millrace/transmux/access"
	"millrace/transmux/bus"
	"millrace/transmux/rtsp"
)

// errNothing is about a description of which nothing can be taken.
var errNothing = errors.New("none of the announced media can be taken")

// refusal is what a publisher is told that was not let in, in words that help
// whoever sits at the camera.
func refusal(name string, err error) error {
	r := &rtsp.Refusal{Err: fmt.Errorf("rtsp: %w", err)}
	no := new(access.Refusal)
	switch {
	case errors.Is(err, bus.ErrBadName):
		return rtsp.Misnamed(r.Err)
	case errors.As(err, &no):
		return rtsp.Denied(no, r.Err)
	case errors.Is(err, ingest.ErrDenied):
		r.Status, r.Words = rtsp.StatusUnauthorized, "publishing "+name+" needs other credentials"
	case errors.Is(err, ingest.ErrReserved):
		r.Status, r.Words = rtsp.StatusConflict, name+" is a source that the gateway fetches itself: use another name"
	case errors.Is(err, bus.ErrNameTaken):
		r.Status, r.Words = rtsp.StatusConflict, name+" is being published already: stop the other one or use another name"
	case errors.Is(err, ingest.ErrTooManyPublishers):
		r.Status, r.Words = rtsp.StatusUnavailable, "the gateway has as many publishers as it is set to take"
	case errors.Is(err, ingest.ErrTooManyOfYours):
		r.Status, r.Words = rtsp.StatusUnavailable, "you publish as many streams at the same time as this gateway takes from one user or address"
	case errors.Is(err, bus.ErrShutdown):
		r.Status, r.Words = rtsp.StatusUnavailable, "the gateway is shutting down"
	case errors.Is(err, errNothing):
		r.Status, r.Words = rtsp.StatusUnsupported, "none of these codecs can be taken: use H.264, H.265, VP8, VP9, AV1, AAC, Opus, G.711, MP3 or AC-3"
	default:
		r.Status, r.Words = rtsp.StatusInternal, "the gateway could not let you publish: its log says why"
	}
	return r
}
