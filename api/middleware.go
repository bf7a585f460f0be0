package api

import (
	"crypto/rand"
	"errors"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5/middleware"
)

// requestIDHeader carries the id that ties an answer to its line in the log.
const requestIDHeader = "X-Request-Id"

// identify gives each request an id and logs it at debug level. The query is left
// out of the line: it may hold a credential.
func (a *API) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		id := rand.Text()[:16] // 80 bits: unique for as long as logs are kept
		w.Header().Set(requestIDHeader, id)
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(ww, r)
		a.log.Debug("request", "method", r.Method, "path", r.URL.Path, "status", ww.Status(),
			"bytes", ww.BytesWritten(), "took", time.Since(begun), "remote", r.RemoteAddr, "id", id)
	})
}

// recover turns a panic into a logged 500, so that one broken handler does not
// take the streams down with it.
func (a *API) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause) // net/http's own way to drop a connection
			}
			id := w.Header().Get(requestIDHeader)
			a.log.Error("handler panicked", "method", r.Method, "path", r.URL.Path, "cause", cause,
				"id", id, "stack", string(debug.Stack()))
			if ww, ok := w.(middleware.WrapResponseWriter); ok && ww.Status() != 0 {
				panic(http.ErrAbortHandler) // the answer has begun: only cutting it off is honest
			}
			fail(w, http.StatusInternalServerError, "Something broke inside the gateway", "The log has the details under request id "+id+".")
		}()
		next.ServeHTTP(w, r)
	})
}

// nosniff keeps browsers from guessing a type other than the one that was said.
func nosniff(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// crossOrigin lets pages of other sites ask the API. It uses no cookies, so nothing is
// given away that a plain request would not get. Those that the operator has named may
// change things, too, with a token that may.
func (a *API) crossOrigin(next http.Handler) http.Handler {
	methods := "GET, HEAD, OPTIONS"
	if len(a.cfg.Origins) > 0 {
		methods = "GET, HEAD, POST, PUT, DELETE, OPTIONS"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		a.cfg.Origins.Allow(h, r)
		h.Set("Access-Control-Expose-Headers", requestIDHeader+", WWW-Authenticate, Retry-After, ETag")
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Set("Access-Control-Allow-Methods", methods)
			h.Set("Access-Control-Allow-Headers", "Authorization, *") // * does not stand for the first
			h.Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
