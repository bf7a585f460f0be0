package api

import (
	_ "embed"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
)

// spec is the description of this face in OpenAPI. What is asked and answered is
// written there first; make generate makes the server's side of it, the client for
// the tests, and the page for people.
//
//go:embed openapi.yaml
var spec []byte

// reference is the same for people. It needs nothing from anywhere else.
//
//go:embed reference.gen.html
var reference []byte

//go:embed reference.css
var referenceStyle []byte

// describeItself serves the description, below /v1.
func describeItself(r chi.Router) {
	r.Get("/v1/openapi.yaml", file("application/yaml", spec))
	r.Get("/v1/", file("text/html; charset=utf-8", reference))
	r.Get("/v1", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/api/v1/", http.StatusPermanentRedirect)
	})
	r.Get("/v1/reference.css", file("text/css; charset=utf-8", referenceStyle))
}

// referencePolicy lets the page have its style and the site's icon, and nothing else.
const referencePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// described is of a path below /api/v1/ whether it says nothing but what this face is.
func described(path string) bool {
	return path == "" || path == "/api/v1" || path == "openapi.yaml" || path == "reference.css"
}

// file answers with what was built in.
func file(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Content-Security-Policy", referencePolicy)
		w.Header().Set("Referrer-Policy", "same-origin")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	}
}
