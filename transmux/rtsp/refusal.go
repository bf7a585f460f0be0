package rtsp

import (
	"errors"
	"strings"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
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
