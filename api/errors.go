package api

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"millrace/transmux/problem"
)

// fail is the one way an error leaves this room.
func fail(w http.ResponseWriter, status int, title, detail string) {
	(&problem.Problem{Status: status, Title: title, Detail: detail}).Write(w)
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
		http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions,
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
