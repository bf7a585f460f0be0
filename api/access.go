package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"millrace/transmux/access"
	"millrace/transmux/bus"
	"millrace/transmux/problem"
)

// how says where a credential goes.
const how = "Send it as a bearer token (Authorization: Bearer …) or as the query's token."

// view is what somebody may look at who has asked.
type view struct {
	all  bool // whoever may read
	sees func(stream string) bool
}

// viewKey is where the request's context has the view.
type viewKey struct{}

// viewOf is what the guard found.
func viewOf(ctx context.Context) view {
	v, _ := ctx.Value(viewKey{}).(view)
	return v
}

// guard lets in those who may read, and for all but GET and HEAD those who may
// administer. Whoever may watch a stream, or publish it, may also look at it, but
// not see from where anybody publishes; and the pages must be able to say how one
// publishes here.
func (a *API) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.cfg.Access == nil || r.Method == http.MethodOptions {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), viewKey{}, view{all: true})))
			return
		}
		v, err := a.admit(r)
		if err != nil {
			refuse(w, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), viewKey{}, v)))
	})
}

// admit finds out what the request may see, or says no.
func (a *API) admit(r *http.Request) (view, error) {
	ask := requestOf(r)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if ask.Credential == "" && http.NewCrossOriginProtection().Check(r) != nil {
			// Where changing is open, it is for who sits there, not for the pages in
			// that browser.
			return view{}, &access.Refusal{Kind: access.ErrForbidden, Words: "a page from elsewhere may change nothing here without a token"}
		}
		ask.Action = access.Admin
		_, err := a.cfg.Access.Ask(r.Context(), ask)
		return view{all: true}, err
	}
	_, err := a.cfg.Access.Ask(r.Context(), ask)
	if err == nil {
		return view{all: true}, nil
	}
	path, about := strings.TrimPrefix(r.URL.Path, "/api/v1/"), targetOf(r)
	name, single := about.name, about.collection == "streams" || about.collection == "sources"
	switch {
	case path == "server" || described(path):
		return view{}, nil
	case !single && path != "streams" && path != "sources" || errors.Is(err, access.ErrSlowed):
		return view{}, err
	}
	v := view{sees: a.cfg.Access.Sees(r.Context(), ask)}
	if single && !v.sees(name) {
		ask.Action, ask.Stream = access.Play, name
		if _, err := a.cfg.Access.Ask(r.Context(), ask); err != nil {
			return view{}, err
		}
		v.sees = func(stream string) bool { return stream == name }
	}
	if !single && !a.cfg.Access.Open(access.Play) && !errors.Is(err, access.ErrForbidden) {
		return view{}, err // nobody that is known
	}
	return v, nil
}

// requestOf is the request as it asks to read.
func requestOf(r *http.Request) access.Request {
	ask := access.Request{Action: access.Read, Protocol: "http", Remote: r.RemoteAddr}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if user, password, ok := r.BasicAuth(); ok {
		ask.User, ask.Credential = user, password
	} else if strings.EqualFold(scheme, "Bearer") {
		ask.Credential = strings.TrimSpace(token)
	} else {
		ask.Credential = r.URL.Query().Get("token")
	}
	return ask
}

// refuse says no to somebody.
func refuse(w http.ResponseWriter, err error) {
	p := problem.New(http.StatusInternalServerError, "Who may do this could not be found out; the log says more.")
	if no := new(access.Refusal); errors.As(err, &no) {
		p = no.Problem(how)
	}
	if p.Status == http.StatusUnauthorized { // RFC 9110 section 11.6.1; Basic would make browsers ask for it
		w.Header().Set("WWW-Authenticate", `Bearer realm="millrace"`)
	}
	p.Write(w)
}

// of is what the view has of the snapshots.
func (v view) of(snaps []bus.Snapshot) []bus.Snapshot {
	if v.all {
		return snaps
	}
	seen := make([]bus.Snapshot, 0, len(snaps))
	for i := range snaps {
		if s, ok := v.one(snaps[i]); ok {
			seen = append(seen, s)
		}
	}
	return seen
}

// one is what the view has of a snapshot, if anything.
func (v view) one(s bus.Snapshot) (bus.Snapshot, bool) {
	if v.all {
		return s, true
	}
	s.Publisher.Remote = ""
	return s, v.sees != nil && v.sees(s.Name)
}

// needs are the actions that a credential is needed for, for the pages to say so.
func (a *API) needs() []string {
	list := []string{}
	for _, action := range []access.Action{access.Publish, access.Play, access.Read, access.Admin} {
		if a.cfg.Access != nil && !a.cfg.Access.Open(action) {
			list = append(list, action.String())
		}
	}
	return list
}
