package api

import (
	"io"
	"net/http"
)

// ProcessHeader is /healthz's, and tells one start of the process from the next: a
// node that was killed and started anew answers at the same address.
const ProcessHeader = "Millrace-Process"

// healthz says that the process answers. It does not depend on anything else, so
// that an orchestrator restarts the process only when that would help.
func (a *API) healthz(w http.ResponseWriter, _ *http.Request) {
	if a.cfg.Process != "" {
		w.Header().Set(ProcessHeader, a.cfg.Process)
	}
	ok(w)
}

// readyz says whether publishers and viewers should be sent here: not before
// every listener stands, and no more once stopping has begun.
func (a *API) readyz(w http.ResponseWriter, _ *http.Request) {
	if !a.ready.Load() {
		fail(w, http.StatusServiceUnavailable, "Not ready", "The gateway is starting or stopping.")
		return
	}
	ok(w)
}

func ok(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "ok\n")
}
