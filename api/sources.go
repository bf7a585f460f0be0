package api

import (
	"context"
	"net/http"
	"time"

	"millrace/transmux/problem"
)

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

// ListSources is by name.
func (o operations) ListSources(ctx context.Context, _ ListSourcesRequestObject) (ListSourcesResponseObject, error) {
	list := viewOf(ctx).sources(o.sources())
	return ListSources200JSONResponse{Body: SourceList{Sources: list, Total: len(list)}}, nil
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

// GetSource is one of them.
func (o operations) GetSource(ctx context.Context, r GetSourceRequestObject) (GetSourceResponseObject, error) {
	for _, s := range viewOf(ctx).sources(o.sources()) {
		if s.Name == r.Name {
			return GetSource200JSONResponse(s), nil
		}
	}
	return nil, &problem.Problem{
		Status: http.StatusNotFound, Title: "There is no such source", Detail: "The configuration has no source of the name " + r.Name + ".",
	}
}
