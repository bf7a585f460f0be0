package resource

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"millrace/transmux/problem"
)

const (
	// maxSDP bounds an offer or answer: browsers send 4 to 10 KB, with every codec
	// and candidate that they have.
	maxSDP = 64 << 10
	// maxFragment bounds what is trickled: a machine with every kind of network
	// has some thirty candidates of 150 bytes.
	maxFragment = 16 << 10
	// maxRest is how much is read of a body that is too large, and thrown away: a
	// client that is still sending would be cut off before it hears why.
	maxRest = 2 << 20
)

// contentType is the body's media type without its parameters, in lower case.
func contentType(r *http.Request) string {
	got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return got
}

// Body reads a body of at most limit bytes that is of that media type. The error
// is a *problem.Problem.
func Body(r *http.Request, mediaType string, limit int64) ([]byte, error) {
	if contentType(r) != mediaType {
		return nil, problem.New(http.StatusUnsupportedMediaType, "The Content-Type must be "+mediaType+".")
	}
	tooLarge := problem.New(http.StatusRequestEntityTooLarge, fmt.Sprintf("The body must not be larger than %d KiB.", limit>>10))
	var b []byte
	var err error
	if r.ContentLength <= limit {
		b, err = io.ReadAll(io.LimitReader(r.Body, limit+1))
	}
	switch {
	case r.ContentLength > limit || int64(len(b)) > limit:
		_, _ = io.CopyN(io.Discard, r.Body, maxRest) // what comes of it does not matter
		return nil, tooLarge
	case err != nil:
		return nil, problem.New(http.StatusBadRequest, "The request's body ended early.")
	case len(b) == 0:
		return nil, problem.New(http.StatusBadRequest, "The body is empty: it must be "+mediaType+".")
	}
	return b, nil
}

// credential is the bearer token (RFC 6750 section 2.1), or a user's name and
// password with a colon between, or for clients that can set no header the query's
// token.
func credential(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	if user, password, ok := r.BasicAuth(); ok && user != "" && password != "" {
		return user + ":" + password
	}
	return r.URL.Query().Get("token")
}

// Fail is the one way an error leaves this room, and the ones above it.
func Fail(w http.ResponseWriter, err error) {
	var p *problem.Problem
	if !errors.As(err, &p) {
		p = Fault()
	}
	if p.Status == http.StatusUnauthorized { // RFC 9110 section 11.6.1, RFC 6750 section 3
		w.Header().Set("WWW-Authenticate", `Bearer realm="millrace"`)
	}
	p.Write(w)
}
