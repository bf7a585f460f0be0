package whip

import (
	"errors"
	"net/http"

	"millrace/ingest"
	"millrace/transmux/access"
	"millrace/transmux/bus"
	"millrace/transmux/problem"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
)

// problemOf turns an error into the status and the words that the publisher gets.
func problemOf(err error) *problem.Problem {
	if no := new(access.Refusal); errors.As(err, &no) {
		return no.Problem("Send it as a bearer token.")
	}
	switch {
	case errors.Is(err, description.ErrCannot):
		return problem.New(http.StatusUnprocessableEntity, problem.Sentence(err))
	case errors.Is(err, description.ErrOffer):
		return problem.New(http.StatusBadRequest, problem.Sentence(err)+" It must be a WebRTC offer with one sendonly m-line for video, audio or each.")
	case errors.Is(err, bus.ErrBadName):
		return problem.New(http.StatusBadRequest, problem.Sentence(err)+" The path is /whip/ and the stream's name, such as /whip/live/demo.")
	case errors.Is(err, ingest.ErrReserved):
		return problem.New(http.StatusConflict, "This name belongs to a source that the gateway fetches itself. Choose another name.")
	case errors.Is(err, bus.ErrNameTaken):
		return problem.New(http.StatusConflict, "Somebody publishes this stream already. Choose another name, or wait: a publisher that has been silent for some seconds loses it.").After(resource.RetrySoon)
	case errors.Is(err, ingest.ErrDenied):
		return problem.New(http.StatusUnauthorized, "Publishing this stream needs a credential: send it as a bearer token.")
	case errors.Is(err, ingest.ErrTooManyPublishers):
		return problem.New(http.StatusServiceUnavailable, "As many publish as this gateway lets in. Ask again later.").After(10 * resource.RetrySoon)
	case errors.Is(err, ingest.ErrTooManyOfYours):
		return problem.New(http.StatusTooManyRequests, "You publish as many streams at the same time as this gateway takes from one user or address. Stop another one first.").After(10 * resource.RetrySoon)
	case errors.Is(err, bus.ErrShutdown), errors.Is(err, sender.ErrClosed):
		return resource.Stopping()
	default:
		return resource.Fault()
	}
}
