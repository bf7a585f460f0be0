package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// problemType is the media type of every error of this face (RFC 9457).
const problemType = "application/problem+json"

// problem is RFC 9457's object. Type is "about:blank": the status says what kind
// of problem it is, title and detail are for people.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// fail is the one way an error leaves this room.
func fail(w http.ResponseWriter, status int, title, detail string) {
	w.Header().Set("Content-Type", problemType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(problem{Type: "about:blank", Title: title, Status: status, Detail: detail})
}

func notFound(w http.ResponseWriter, r *http.Request) {
	fail(w, http.StatusNotFound, "There is nothing here", "No page or resource has the path "+r.URL.Path+".")
}

// methodNotAllowed finds out what would have been allowed, as RFC 9110 section
// 15.5.6 wants it said and chi says it only in its own, plain text, answer.
func methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	routes := chi.RouteContext(r.Context()).Routes
	path := r.URL.EscapedPath()
	var allowed []string
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
		http.MethodPatch, http.MethodDelete, http.MethodOptions,
	} {
		if routes.Match(chi.NewRouteContext(), method, path) {
			allowed = append(allowed, method)
			if method == http.MethodGet {
				allowed = append(allowed, http.MethodHead) // answered by middleware, not by a route
			}
		}
	}
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	fail(w, http.StatusMethodNotAllowed, "This method is not allowed here", r.Method+" "+r.URL.Path+" is not answered; allowed are: "+list+".")
}
