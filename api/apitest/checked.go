package apitest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Checked is a client's transport that holds every answer against the contract and
// remembers which operations there have been.
type Checked struct {
	T        testing.TB
	Contract *Contract
	// Next is http.DefaultTransport where it is nil.
	Next http.RoundTripper

	mu   sync.Mutex
	done map[string]bool
}

// Do is for the generated client.
func (c *Checked) Do(r *http.Request) (*http.Response, error) {
	next := c.Next
	if next == nil {
		next = http.DefaultTransport
	}
	answer, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/api/v1")
	if id, ok := c.Contract.Find(r.Method, path); ok && answer.StatusCode < http.StatusBadRequest {
		c.mu.Lock()
		if c.done == nil {
			c.done = map[string]bool{}
		}
		c.done[id] = true
		c.mu.Unlock()
	}
	var body []byte
	if !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		if body, err = io.ReadAll(answer.Body); err != nil {
			return nil, err
		}
		_ = answer.Body.Close()
		answer.Body = io.NopCloser(bytes.NewReader(body))
	}
	for _, wrong := range c.Contract.Check(r.Method, path, answer, body) {
		c.T.Errorf("%s %s: %s", r.Method, r.URL.Path, wrong)
	}
	return answer, nil
}

// Missing are the operations that have not been answered well yet.
func (c *Checked) Missing() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(c.Contract.Operations(), func(id string) bool { return c.done[id] })
}

// Straight is a transport into a handler, without a network.
type Straight struct{ Handler http.Handler }

// RoundTrip is http.RoundTripper's.
func (s Straight) RoundTrip(r *http.Request) (*http.Response, error) {
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.RequestURI(), r.Body)
	in.Header, in.Host = r.Header.Clone(), r.Host
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, in)
	return w.Result(), nil
}
