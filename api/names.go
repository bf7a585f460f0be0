package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// target is what a path below /api/v1/ is about, where that has a stream's name.
type target struct {
	collection string // "streams", "sources" or "cluster/streams"; "" for none
	name       string
	view       string // of a stream: "gop", "diagnosis" or ""
}

// collections are those whose members have names with slashes in them.
func collections() []string { return []string{"streams", "sources", "cluster/streams"} }

// views are what there is below a stream.
func views() []string { return []string{"gop", "diagnosis"} }

// targetKey is where the request's context has the target.
type targetKey struct{}

// targetOf is what spell found.
func targetOf(r *http.Request) target {
	t, _ := r.Context().Value(targetKey{}).(target)
	return t
}

// spell rewrites paths so that a stream's name is one segment of them, as OpenAPI
// and the router that is generated of it have it: /streams/live/demo becomes
// /streams/live%2Fdemo. Clients may write either. Guard and router thereby go by the
// same reading of the path, whatever is in it.
func (a *API) spell(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const base = "/api/v1/"
		path, ok := strings.CutPrefix(r.URL.Path, base)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		for _, collection := range collections() {
			name, found := strings.CutPrefix(path, collection+"/")
			if !found || name == "" {
				continue
			}
			t := target{collection: collection, name: name}
			if collection == "streams" {
				t.name, t.view = a.cutView(name)
			}
			spelled := *r.URL
			spelled.RawPath = base + collection + "/" + url.PathEscape(t.name)
			if t.view != "" {
				spelled.RawPath += "/" + t.view
			}
			r = r.WithContext(context.WithValue(r.Context(), targetKey{}, t))
			r.URL = &spelled
			break
		}
		next.ServeHTTP(w, r)
	})
}

// cutView takes the view off the end of a path, unless there is a stream whose name
// that end belongs to.
func (a *API) cutView(path string) (name, view string) {
	for _, v := range views() {
		if name, found := strings.CutSuffix(path, "/"+v); found && name != "" {
			if _, taken := a.streams.Stream(path); !taken {
				return name, v
			}
		}
	}
	return path, ""
}
