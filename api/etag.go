package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
)

// tagged are the lists that who polls them need not be sent again while they are
// the same, as routes below /api/v1.
func tagged() []string { return []string{"/streams", "/sessions", "/sources", "/derived", "/hooks"} }

// tag gives lists an ETag, and 304 to those who have the list already (RFC 9110
// section 13.1.2). It is made of the whole answer: what changes with every frame
// changes it.
func tag(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route := strings.TrimPrefix(chi.RouteContext(r.Context()).RoutePattern(), "/api/v1")
		if !listed(route) || r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Cache-Control", "no-store") // true only now
			next.ServeHTTP(w, r)
			return
		}
		held := &heldAnswer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(held, r)
		held.release(r)
	})
}

func listed(route string) bool {
	for _, l := range tagged() {
		if route == l {
			return true
		}
	}
	return false
}

// heldAnswer keeps an answer back until all of it is there.
type heldAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader is for http.ResponseWriter.
func (h *heldAnswer) WriteHeader(status int) { h.status = status }

// Write is for http.ResponseWriter.
func (h *heldAnswer) Write(p []byte) (int, error) { return h.body.Write(p) }

// release sends the answer, or that it is the one the client has.
func (h *heldAnswer) release(r *http.Request) {
	header := h.Header()
	if h.status == http.StatusOK {
		sum := sha256.Sum256(h.body.Bytes())
		etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		header.Set("ETag", etag)
		header.Set("Cache-Control", "private, no-cache") // to be asked for anew, but with the tag
		header.Add("Vary", "Authorization")
		if matches(r.Header.Get("If-None-Match"), etag) {
			header.Del("Content-Type")
			h.ResponseWriter.WriteHeader(http.StatusNotModified)
			return
		}
	}
	header.Set("Content-Length", strconv.Itoa(h.body.Len()))
	h.ResponseWriter.WriteHeader(h.status)
	_, _ = h.ResponseWriter.Write(h.body.Bytes())
}

// matches compares as RFC 9110 section 8.8.3.2 has it for GET: weakly.
func matches(header, etag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == "*" || one == etag {
			return true
		}
	}
	return false
}
