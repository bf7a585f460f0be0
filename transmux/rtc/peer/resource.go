package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
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
	// Problem is the body where it was application/problem+json (RFC 9457).
	Problem Problem
}

// Problem is what the server says is wrong.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// Error names the request's method, the status and the server's words.
func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s: status %d", e.Method, e.Status)
	if e.Problem.Title != "" {
		s += ": " + e.Problem.Title
	}
	if e.Problem.Detail != "" {
		s += ": " + e.Problem.Detail
	}
	return s
}

// resource is one WHEP session as HTTP knows it.
type resource struct {
	client   *http.Client
	header   http.Header
	location string // absolute; empty before the 201
	etag     string
	begun    http.Header // what came with the 201
}

// post sends the offer and returns the answer, which comes with that status.
func (r *resource) post(ctx context.Context, endpoint, offer string, want int) (string, error) {
	resp, body, err := r.do(ctx, http.MethodPost, endpoint, offer)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != want {
		return "", statusError(resp, body)
	}
	base, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	at, err := base.Parse(resp.Header.Get("Location"))
	if err != nil || resp.Header.Get("Location") == "" {
		return "", fmt.Errorf("the %d has no usable Location (%q)", want, resp.Header.Get("Location"))
	}
	r.location, r.etag, r.begun = at.String(), resp.Header.Get("ETag"), resp.Header
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind != "application/sdp" {
		return "", fmt.Errorf("the %d carries %q, not application/sdp", want, kind)
	}
	return string(body), nil
}

// remove ends the session. A session the server has ended already (404) is gone too.
func (r *resource) remove(ctx context.Context) error {
	if r.location == "" {
		return nil
	}
	resp, body, err := r.do(ctx, http.MethodDelete, r.location, "")
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 && resp.StatusCode != http.StatusNotFound {
		return statusError(resp, body)
	}
	return nil
}

func (r *resource) do(ctx context.Context, method, to, sdp string) (*http.Response, []byte, error) {
	header := http.Header{}
	if sdp != "" {
		header.Set("Content-Type", "application/sdp")
	}
	return r.send(ctx, method, to, sdp, header)
}

func (r *resource) send(ctx context.Context, method, to, body string, header http.Header) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, to, strings.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for k, v := range r.header {
		req.Header[k] = v
	}
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return resp, answer, err
}

func statusError(resp *http.Response, body []byte) *StatusError {
	e := &StatusError{Method: resp.Request.Method, Status: resp.StatusCode}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		e.RetryAfter = time.Duration(s) * time.Second
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "application/problem+json" {
		// What cannot be read stays empty; the status says enough.
		_ = json.Unmarshal(body, &e.Problem)
	}
	return e
}
