package receiver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds an answer or a problem: an SDP is a few kilobytes.
const maxBody = 256 << 10

// StatusError is a WHEP request that the server refused.
type StatusError struct {
	Method string
	Status int
	// RetryAfter is the server's wish, zero where it had none.
	RetryAfter time.Duration
	// Detail is what the server says is wrong (RFC 9457), where it does.
	Detail string
}

// Error names the request's method, the status and the server's words.
func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s: status %d", e.Method, e.Status)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// reply is what came back on a request.
type reply struct {
	method string
	status int
	header http.Header
	body   []byte
}

// post sends the offer and returns the answer and the session's address.
func (r *Room) post(ctx context.Context, endpoint, offer string) (answer, location string, err error) {
	got, err := r.do(ctx, http.MethodPost, endpoint, offer)
	if err != nil {
		return "", "", err
	}
	if got.status != http.StatusCreated {
		return "", "", got.refusal()
	}
	base, err := url.Parse(endpoint)
	if err != nil {
		return "", "", err
	}
	named := got.header.Get("Location")
	at, err := base.Parse(named)
	if err != nil || named == "" {
		return "", "", fmt.Errorf("the 201 has no usable Location (%q)", named)
	}
	return string(got.body), at.String(), nil
}

// remove ends the session. One that the server has ended already is gone too.
func (r *Room) remove(ctx context.Context, location string) error {
	got, err := r.do(ctx, http.MethodDelete, location, "")
	if err != nil {
		return err
	}
	if got.status >= 300 && got.status != http.StatusNotFound {
		return got.refusal()
	}
	return nil
}

func (r *Room) do(ctx context.Context, method, to, sdp string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, to, strings.NewReader(sdp))
	if err != nil {
		return reply{}, err
	}
	if sdp != "" {
		req.Header.Set("Content-Type", "application/sdp")
	}
	resp, err := r.cfg.Client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return reply{method, resp.StatusCode, resp.Header, body}, err
}

func (r reply) refusal() error {
	e := &StatusError{Method: r.method, Status: r.status}
	if s, err := strconv.Atoi(r.header.Get("Retry-After")); err == nil && s > 0 {
		e.RetryAfter = time.Duration(s) * time.Second
	}
	var problem struct{ Title, Detail string }
	if json.Unmarshal(r.body, &problem) == nil { // what cannot be read stays empty
		e.Detail = strings.TrimSpace(problem.Title + " " + problem.Detail)
	}
	return e
}
