package resource

import "net/http"

// crossOrigin lets pages of other sites play and publish: credentials travel in
// the Authorization header that such a page must know, never in cookies.
func (room *Room) crossOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		room.cfg.Origins.Allow(h, r)
		h.Set("Access-Control-Expose-Headers", "Location, ETag, Link, Retry-After, WWW-Authenticate, Accept-Post, Accept-Patch")
		next.ServeHTTP(w, r)
	})
}

// options answers a preflight without asking for a credential, which browsers
// do not send with it, and everybody else who asks (RFC 9725 section 4.2). It
// names no ICE servers: anybody could ask for their credentials here.
func options(accept, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PATCH, DELETE, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match, Link, Last-Event-ID, Cache-Control")
		h.Set("Access-Control-Max-Age", "86400")
		h.Set(accept, contentType)
		w.WriteHeader(http.StatusOK)
	}
}

// noContent answers GET and HEAD: 2xx without a body (RFC 9725 section 4.1).
func noContent(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// discover tells a player that this is an endpoint it can use (WHEP section 4.2).
func discover(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", typeSDP)
	w.WriteHeader(http.StatusOK)
}
