package whep

import (
	"errors"
	"net/http"

	"millrace/playout"
	"millrace/transmux/access"
	"millrace/transmux/bus"
	"millrace/transmux/problem"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
)

// typeSource is the type of problems with a stream's source.
const typeSource = "urn:millrace:problem:source"

// problemOf turns an error into the status and the words that the viewer gets.
func problemOf(err error) *problem.Problem {
	var why *bus.Unavailable
	if no := new(access.Refusal); errors.As(err, &no) {
		return no.Problem("Send it as a bearer token.")
	}
	switch {
	case errors.As(err, &why):
		p := problem.New(http.StatusConflict, why.Reason).After(resource.RetrySoon)
		p.Title, p.Type = "The source cannot be fetched", typeSource
		return p
	case errors.Is(err, description.ErrCannot):
		return problem.New(http.StatusUnprocessableEntity, problem.Sentence(err)+" Offer what the detail names and try again.")
	case errors.Is(err, description.ErrAnswer):
		return problem.New(http.StatusBadRequest, problem.Sentence(err)+" It must answer the offer that came with the 406, recvonly, as the DTLS client.")
	case errors.Is(err, description.ErrOffer):
		return problem.New(http.StatusBadRequest, problem.Sentence(err)+" It must be a WebRTC offer with one recvonly m-line for video, audio or each.")
	case errors.Is(err, bus.ErrBadName):
		return problem.New(http.StatusBadRequest, problem.Sentence(err)+" The path is /whep/ and the stream's name, such as /whep/live/demo.")
	case errors.Is(err, bus.ErrNotLive), errors.Is(err, bus.ErrEnded):
		// 409 and not 404: WHEP section 4.2.
		return problem.New(http.StatusConflict, "Nobody publishes this stream now. Publish it, or ask again in a moment.").After(resource.RetrySoon)
	case errors.Is(err, playout.ErrDenied):
		return problem.New(http.StatusUnauthorized, "Watching this stream needs a credential: send it as a bearer token.")
	case errors.Is(err, playout.ErrStreamFull):
		return problem.New(http.StatusServiceUnavailable, "This stream has as many viewers as one may have. Ask again later.").After(10 * resource.RetrySoon)
	case errors.Is(err, playout.ErrTooManyOfYours):
		return problem.New(http.StatusTooManyRequests, "As many watch from your address as may. Stop another one, or ask again later.").After(10 * resource.RetrySoon)
	case errors.Is(err, playout.ErrTooManyViewers):
		return problem.New(http.StatusServiceUnavailable, "As many are watching as this gateway lets in. Ask again later.").After(10 * resource.RetrySoon)
	case errors.Is(err, bus.ErrShutdown), errors.Is(err, sender.ErrClosed):
		return resource.Stopping()
	default:
		return resource.Fault()
	}
}
