package rtsp

import (
	"errors"
	"strings"

	"github.com/bluenviron/gortsplib/v4/pkg/base"

	"millrace/transmux/access"
)

// Refusal is an error that says what the peer is answered.
type Refusal struct {
	Status int    // of RFC 2326 section 7.1.1; 401 asks for credentials
	Words  string // the reason phrase: what is wrong and what to do
	Err    error
}

func (r *Refusal) Error() string { return r.Err.Error() }

// Unwrap is the error.
func (r *Refusal) Unwrap() error { return r.Err }

// Misnamed is what a peer is told whose path is no stream's name.
func Misnamed(err error) *Refusal {
	return &Refusal{StatusBadRequest, "this path cannot be a stream's name: use letters, digits and . _ ~ - with single slashes", err}
}

// Denied is what a peer is told that may not do what it asks for.
func Denied(no *access.Refusal, err error) *Refusal {
	r := &Refusal{StatusUnauthorized, no.Words, err}
	switch {
	case errors.Is(no, access.ErrForbidden), errors.Is(no, access.ErrSlowed):
		r.Status = StatusForbidden // asking for others would not help
	case errors.Is(no, access.ErrUnavailable):
		r.Status = StatusUnavailable
	}
	return r
}

// The statuses that rooms refuse with.
const (
	StatusBadRequest   = int(base.StatusBadRequest)
	StatusUnauthorized = int(base.StatusUnauthorized)
	StatusForbidden    = int(base.StatusForbidden)
	StatusNotFound     = int(base.StatusNotFound)
	StatusConflict     = 409 // of HTTP: RTSP has no word for a name that is taken
	StatusUnsupported  = int(base.StatusUnsupportedMediaType)
	StatusInternal     = int(base.StatusInternalServerError)
	StatusUnavailable  = int(base.StatusServiceUnavailable)
)

// The ends of sessions that are nobody's fault.
var (
	ErrLeft     = errors.New("the peer said goodbye")
	ErrGone     = errors.New("the peer closed the connection")
	ErrShutdown = errors.New("the gateway is shutting down")
	errSetup    = errors.New("it neither played nor published in time")
	errCrowded  = errors.New("too many connections that neither play nor publish")
)

// maxWords bounds a reason phrase; players show it in one line.
const maxWords = 200

// response is the answer to a request that failed.
func response(err error) *base.Response {
	var r *Refusal
	if !errors.As(err, &r) {
		return &base.Response{StatusCode: base.StatusInternalServerError}
	}
	words := r.Words
	if len(words) > maxWords {
		words = words[:maxWords]
	}
	ascii := func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}
	return &base.Response{
		StatusCode: base.StatusCode(r.Status), StatusMessage: strings.Map(ascii, words),
		Header: base.Header{},
	}
}
