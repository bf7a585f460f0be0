// Package problem is how every HTTP face of the house says no: RFC 9457 problem
// details whose detail says what to do.
//
// The api room and rtc/resource write with it. It must not know what the errors
// are about.
package problem

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Problem is an HTTP error in words. It is an error, so that rooms can return it
// where they already know the status.
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	// Detail says what is wrong in this case and what to do about it.
	Detail string `json:"detail,omitempty"`
	// Type tells programs a problem from others of its status; empty is the one
	// that the status says enough about.
	Type string `json:"-"`
	// RetryAfter, if not zero, tells the client when to ask again.
	RetryAfter time.Duration `json:"-"`
}

// New makes a problem with the status's own title.
func New(status int, detail string) *Problem {
	return &Problem{Status: status, Title: http.StatusText(status), Detail: detail}
}

// After is the problem with a Retry-After header.
func (p *Problem) After(wait time.Duration) *Problem {
	next := *p
	next.RetryAfter = wait
	return &next
}

func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

// Sentence is an error's text as one; "" for an error without any.
func Sentence(err error) string {
	words := err.Error()
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:] + "."
}

// Write answers with the problem.
func (p *Problem) Write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.RetryAfter+time.Second-1)/time.Second)))
	}
	w.WriteHeader(p.Status)
	kind := p.Type
	if kind == "" {
		kind = "about:blank" // RFC 9457 section 4.2.1
	}
	_ = json.NewEncoder(w).Encode(struct {
		Type string `json:"type"`
		*Problem
	}{kind, p})
}
