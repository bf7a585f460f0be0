package access

import (
	"errors"
	"net/http"

	"millrace/transmux/problem"
)

// Problem is the refusal as all HTTP faces say it. How is a sentence for those who
// could do better, on where the credential goes.
func (r *Refusal) Problem(how string) *problem.Problem {
	words := problem.Sentence(r)
	status := http.StatusUnauthorized
	switch {
	case errors.Is(r, ErrForbidden):
		status = http.StatusForbidden
	case errors.Is(r, ErrSlowed):
		status = http.StatusTooManyRequests
	case errors.Is(r, ErrUnavailable):
		status = http.StatusServiceUnavailable
	default:
		words += " " + how
	}
	return problem.New(status, words).After(r.After)
}
