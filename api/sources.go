package api

import (
	"net/http"
	"strings"
	"time"
)

// sourcePath is where single sources are, below /api.
const sourcePath = "/v1/sources/"

// Source is a source of the configuration as the API tells it.
type Source struct {
	Name     string    `json:"name"` // of the stream that it becomes
	URL      string    `json:"url"`  // without credentials
	OnDemand bool      `json:"on_demand"`
	State    string    `json:"state"` // "idle", "connecting", "live" or "waiting"
	Since    time.Time `json:"since"`
	// Next is when it is tried again, while it waits for that.
	Next      time.Time `json:"next,omitzero"`
	LastError string    `json:"last_error"` // without credentials
	Retries   int       `json:"retries"`
	Viewers   int       `json:"viewers"` // those who wait for it included
}

// sources are the configuration's, ready to be written.
func (a *API) sources() []Source {
	if a.cfg.Sources == nil {
		return []Source{}
	}
	list := a.cfg.Sources()
	for i := range list {
		s := &list[i]
		s.Since = s.Since.UTC().Truncate(time.Millisecond)
		if s.State != "waiting" {
			s.Next = time.Time{}
		}
		if !s.Next.IsZero() {
			s.Next = s.Next.UTC().Truncate(time.Millisecond)
		}
	}
	return list
}

func (a *API) listSources(w http.ResponseWriter, r *http.Request) {
	answer(w, map[string][]Source{"sources": viewOf(r).sources(a.sources())})
}

// sources are what the view has of them: who may watch need not know from where.
func (v view) sources(all []Source) []Source {
	if v.all {
		return all
	}
	seen := make([]Source, 0, len(all))
	for _, s := range all {
		if v.sees != nil && v.sees(s.Name) {
			s.URL, s.LastError = "", ""
			seen = append(seen, s)
		}
	}
	return seen
}

// oneSource takes the name as oneStream does.
func (a *API) oneSource(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/api"+sourcePath)
	for _, s := range viewOf(r).sources(a.sources()) {
		if s.Name == name {
			answer(w, s)
			return
		}
	}
	fail(w, http.StatusNotFound, "There is no such source", "The configuration has no source of the name "+name+".")
}
