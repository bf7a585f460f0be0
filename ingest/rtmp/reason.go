package rtmp

import (
	"context"
	"errors"
	"fmt"

	"millrace/ingest"
	"millrace/transmux/access"
	"millrace/transmux/bus"
)

// Ends of a session that are nobody's fault, and those that are the peer's.
var (
	errUnpublished = errors.New("unpublished")
	errLeft        = errors.New("the peer closed the connection")
	errCrowded     = errors.New("too many connections that do not publish")
	errPlay        = errors.New("wanted to play")
	errSecond      = errors.New("one stream per connection")
	errBadMedia    = errors.New("nothing but bad messages")
)

// Reasons for which a connection ends before it publishes, for counting.
const (
	reasonCrowded  = "crowded"  // turned out for a newer one
	reasonTimeout  = "timeout"  // too slow
	reasonProtocol = "protocol" // not RTMP, or hostile
	reasonGone     = "gone"     // left by itself
	reasonPlay     = "play"     // wanted to play
	reasonBadName  = "bad_name" // the stream's name
	reasonTaken    = "taken"    // somebody publishes it
	reasonDenied   = "denied"   // by the authoriser
	reasonFull     = "full"     // too many publishers
	reasonShutdown = "shutdown" // our own end
	reasonInternal = "internal" // our own fault
)

// Reasons are all of them.
func Reasons() []string {
	return []string{
		reasonCrowded, reasonTimeout, reasonProtocol, reasonGone, reasonPlay, reasonBadName, reasonTaken, reasonDenied,
		reasonFull, reasonShutdown, reasonInternal,
	}
}

// reasonOf sorts the causes of an end.
func reasonOf(cause error) string {
	for _, r := range [...]struct {
		err    error
		reason string
	}{
		{errCrowded, reasonCrowded},
		{errTimeout, reasonTimeout},
		{errProtocol, reasonProtocol},
		{errSecond, reasonProtocol},
		{errPlay, reasonPlay},
		{errNotLive, reasonPlay},
		{bus.ErrBadName, reasonBadName},
		{bus.ErrNameTaken, reasonTaken},
		{ingest.ErrDenied, reasonDenied},
		{ingest.ErrTooManyPublishers, reasonFull},
		{ingest.ErrTooManyOfYours, reasonFull},
		{bus.ErrShutdown, reasonShutdown},
		{context.Canceled, reasonShutdown},
		{errUnpublished, reasonGone},
		{errStopped, reasonGone},
		{errLeft, reasonGone},
	} {
		if errors.Is(cause, r.err) {
			return r.reason
		}
	}
	if netGone(cause) {
		return reasonGone
	}
	return reasonInternal
}

// refusal is what a publisher is told that the gate did not let in, in words
// that help whoever sits at the encoder.
func refusal(name string, cause error) status {
	s := status{level: "error", code: codePublishFailed}
	switch reasonOf(cause) {
	case reasonBadName:
		s.code = codePublishBadName
		s.description = fmt.Sprintf("%q cannot be a stream's name: it is app/key, of letters, digits and . _ ~ -", name)
	case reasonTaken:
		s.code = codePublishBadName
		s.description = fmt.Sprintf("%s is being published already: stop the other encoder or use another stream key", name)
		if errors.Is(cause, ingest.ErrReserved) {
			s.description = name + " is a source that the gateway fetches itself: use another stream key"
		}
	case reasonDenied:
		s.code = codePublishDenied
		s.description = fmt.Sprintf("publishing %s is not allowed with this stream key or token", name)
		if no := new(access.Refusal); errors.As(cause, &no) {
			s.description = no.Words + " (the stream key may end in ?token=…)"
		}
	case reasonFull:
		s.description = "the gateway has as many publishers as it is set to take"
		if errors.Is(cause, ingest.ErrTooManyOfYours) {
			s.description = "you publish as many streams at the same time as this gateway takes from one user or address"
		}
	case reasonShutdown:
		s.description = "the gateway is shutting down"
	case reasonProtocol:
		s.description = "a connection publishes one stream: use another connection"
	default:
		s.description = "the gateway could not let you publish: its log says why"
	}
	return s
}

// farewell is what a publisher is told at the end; false if it has left itself.
func farewell(name string, cause error) (status, bool) {
	switch reason := reasonOf(cause); {
	case errors.Is(cause, bus.ErrTakenOver):
		return status{"error", codePublishBadName, name + " was silent and has been taken over by another encoder"}, true
	case errors.Is(cause, errUnpublished):
		return status{"status", codeUnpublished, name + " is unpublished"}, true
	case reason == reasonShutdown:
		return status{"status", codeUnpublished, "the gateway is shutting down"}, true
	case reason == reasonGone:
		return status{}, false
	default:
		return status{"error", codePublishFailed, cause.Error()}, true
	}
}
