package api

import "net/http"

// drain asks the gateway to take nobody new, and other nodes to fetch elsewhere
// what they fetch here. What runs goes on until the process is stopped.
func (a *API) drain(w http.ResponseWriter, _ *http.Request) {
	if a.cfg.Drain == nil {
		fail(w, http.StatusNotFound, "There is nothing to drain", "This gateway is alone: there is no other node to go to.")
		return
	}
	a.SetReady(false)
	a.cfg.Drain()
	w.WriteHeader(http.StatusAccepted)
}
