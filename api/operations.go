package api

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"millrace/transmux/problem"
)

// operations are the API's, as the server that is generated of openapi.yaml wants
// them. Each stands in the file of what it is about.
type operations struct {
	*API
	// Those that are done by hand; what is left of them here would panic.
	StrictServerInterface
}

// Problem is how operations say no.
type Problem = problem.Problem

// routes mounts the operations below /v1.
func (a *API) routes(r chi.Router) {
	strict := NewStrictHandlerWithOptions(operations{API: a}, []StrictMiddlewareFunc{onlyKnown}, StrictHTTPServerOptions{
		RequestErrorHandlerFunc:  badRequest,
		ResponseErrorHandlerFunc: a.failed,
	})
	HandlerWithOptions(byHand{strict, a}, ChiServerOptions{
		BaseURL: "/v1", BaseRouter: r, ErrorHandlerFunc: badRequest, Middlewares: []MiddlewareFunc{tag},
	})
}

// failed answers with the problem that an operation gives as its error; any other
// error is of our own making.
func (a *API) failed(w http.ResponseWriter, r *http.Request, err error) {
	if no := new(problem.Problem); errors.As(err, &no) {
		no.Write(w)
		return
	}
	id := w.Header().Get(requestIDHeader)
	a.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "cause", err, "id", id)
	fail(w, http.StatusInternalServerError, "Something broke inside the gateway", "The log has the details under request id "+id+".")
}

// byHand has the operations that the generated code cannot do: they read or write
// other things than one JSON object.
type byHand struct {
	ServerInterface
	api *API
}

// GetConfig has an ETag of the configuration's own.
func (h byHand) GetConfig(w http.ResponseWriter, r *http.Request, params GetConfigParams) {
	if h.api.known(w, r, params) {
		h.api.getConfig(w, r)
	}
}

// ReplaceConfig bounds what it reads, and says what it takes.
func (h byHand) ReplaceConfig(w http.ResponseWriter, r *http.Request, params ReplaceConfigParams) {
	if h.api.known(w, r, params) {
		h.api.putConfig(w, r)
	}
}

// GetStreamDiagnosis depends on who asks, and from where.
func (h byHand) GetStreamDiagnosis(w http.ResponseWriter, r *http.Request, name StreamName) {
	if h.api.known(w, r, struct{}{}) {
		h.api.diagnose(w, r, name)
	}
}

// ListEvents goes on and on for who takes a stream of events.
func (h byHand) ListEvents(w http.ResponseWriter, r *http.Request, params ListEventsParams) {
	if r.Method != http.MethodGet || !takesEventStream(r) {
		h.ServerInterface.ListEvents(w, r, params)
		return
	}
	if h.api.known(w, r, params) {
		h.api.followEvents(w, r, params)
	}
}

// known is onlyKnown for what is done by hand.
func (a *API) known(w http.ResponseWriter, r *http.Request, params any) bool {
	if err := checkQuery(r, params); err != nil {
		a.failed(w, r, err)
		return false
	}
	return true
}
