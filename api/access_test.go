package api

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"millrace/transmux/access"
	"millrace/transmux/bus"
)

// guarded is a site with a key for everything that can be allowed, each by itself.
func guarded(t *testing.T, open ...access.Action) (*bus.Hub, http.Handler) {
	t.Helper()
	all, err := access.ParsePatterns([]string{"in/*"})
	if err != nil {
		t.Fatal(err)
	}
	cfg := access.Config{Open: open}
	for name, grant := range map[string]access.Grant{
		"reader": {Read: true}, "admin": {Admin: true}, "player": {Play: all}, "publisher": {Publish: all},
	} {
		secret, err := access.ParseSecret("key of the " + name)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Keys = append(cfg.Keys, access.Key{Name: name, Secret: secret, Grant: grant})
		cfg.Users = append(cfg.Users, access.User{Name: name, Secret: secret, Grant: grant})
	}
	hub := bus.New(bus.Config{})
	t.Cleanup(hub.Close)
	log := slog.New(slog.DiscardHandler)
	room := access.New(cfg, log)
	t.Cleanup(room.Close)
	a := New(Config{Version: "v1", Access: room}, hub, judge, NewMetrics("v1", hub), log)
	pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") })
	return hub, a.Handler(pages)
}

func TestWhoMayLook(t *testing.T) {
	hub, site := guarded(t)
	publish(t, hub, "in/a")
	publish(t, hub, "b")
	for _, tt := range []struct {
		method, path string
		status       map[string]int // by who asks; "" without anything
	}{
		{"GET", "/healthz", map[string]int{"": 200, "wrong": 200}},
		{"GET", "/", map[string]int{"": 200, "wrong": 200}},
		{"GET", "/api/v1/server", map[string]int{"": 200, "wrong": 200, "reader": 200}},
		{"GET", "/metrics", map[string]int{"": 401, "wrong": 401, "player": 403, "reader": 200, "admin": 200}},
		{"HEAD", "/metrics", map[string]int{"": 401, "reader": 200}},
		{"GET", "/api/v1/cluster", map[string]int{"": 401, "wrong": 401, "player": 403, "reader": 200, "admin": 200}},
		{"GET", "/api/v1/sources", map[string]int{"": 401, "wrong": 401, "player": 200, "reader": 200, "admin": 200}},
		{"GET", "/api/v1/sources/in/a", map[string]int{"": 401, "player": 404, "reader": 404}},
		{"GET", "/api/v1/streams", map[string]int{"": 401, "wrong": 401, "player": 200, "publisher": 200, "reader": 200}},
		{"GET", "/api/v1/streams/in/a", map[string]int{"": 401, "wrong": 401, "player": 200, "publisher": 200, "reader": 200}},
		{"GET", "/api/v1/streams/b", map[string]int{"": 401, "player": 403, "publisher": 403, "reader": 200}},
		{"DELETE", "/api/v1/streams/b", map[string]int{"": 401, "wrong": 401, "player": 403, "reader": 403, "admin": 405}},
		{"GET", "/api/v1/", map[string]int{"": 200, "wrong": 200}},
		{"GET", "/api/v1/openapi.yaml", map[string]int{"": 200, "wrong": 200, "player": 200}},
		{"GET", "/api/v1/sessions", map[string]int{"": 401, "wrong": 401, "player": 403, "publisher": 403, "reader": 200, "admin": 200}},
		{"GET", "/api/v1/sessions/x", map[string]int{"": 401, "player": 403, "reader": 404}},
		{"DELETE", "/api/v1/sessions/x", map[string]int{"": 401, "wrong": 401, "player": 403, "reader": 403, "admin": 404}},
		{"GET", "/api/v1/events", map[string]int{"": 401, "wrong": 401, "player": 403, "reader": 200}},
		{"GET", "/api/v1/overview", map[string]int{"": 401, "player": 403, "reader": 200}},
		{"GET", "/api/v1/derived", map[string]int{"": 401, "player": 403, "reader": 200}},
		{"GET", "/api/v1/hooks", map[string]int{"": 401, "player": 403, "reader": 200}},
		{"GET", "/api/v1/config", map[string]int{"": 401, "wrong": 401, "player": 403, "reader": 403, "admin": 404}},
		{"PUT", "/api/v1/config", map[string]int{"": 401, "wrong": 401, "player": 403, "reader": 403, "admin": 404}},
		{"GET", "/api/v1/streams/in/a/gop", map[string]int{"": 401, "wrong": 401, "player": 200, "publisher": 200, "reader": 200}},
		{"GET", "/api/v1/streams/b/gop", map[string]int{"": 401, "player": 403, "publisher": 403, "reader": 200}},
		{"GET", "/api/v1/nothing", map[string]int{"": 401, "reader": 404}},
		{"OPTIONS", "/api/v1/streams", map[string]int{"": 405, "wrong": 405}},
	} {
		for who, status := range tt.status {
			if who == "" {
				wantRefusal(t, tt.method+" "+tt.path, get(site, tt.method, tt.path).Code, status)
				continue
			}
			key := "key of the " + who
			basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(who+":"+key))
			wantRefusal(t, who+" "+tt.method+" "+tt.path, get(site, tt.method, tt.path, "Authorization", "Bearer "+key).Code, status)
			wantRefusal(t, who+" with Basic "+tt.path, get(site, tt.method, tt.path, "Authorization", basic).Code, status)
			wantRefusal(t, who+" by query "+tt.path, get(site, tt.method, tt.path+"?token="+strings.ReplaceAll(key, " ", "+")).Code, status)
		}
	}
	no := get(site, "GET", "/metrics")
	if no.Header().Get("WWW-Authenticate") != `Bearer realm="millrace"` || no.Header().Get("Content-Type") != problemType || !strings.Contains(no.Body.String(), "bearer") {
		t.Errorf("%v %s", no.Header(), no.Body)
	}
	preflight := get(site, "OPTIONS", "/api/v1/streams", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
	if preflight.Code != http.StatusNoContent || !strings.Contains(preflight.Header().Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("a preflight gives %d", preflight.Code)
	}
}

func wantRefusal(t *testing.T, what string, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("%s gives %d, want %d", what, got, want)
	}
}

// TestPagesFromElsewhere may not use what is open to who sits at the machine.
func TestPagesFromElsewhere(t *testing.T) {
	_, site := guarded(t, access.Admin)
	for _, tt := range []struct {
		header []string
		status int
	}{
		{nil, http.StatusMethodNotAllowed}, // it got that far
		{[]string{"Origin", "http://example.com"}, http.StatusMethodNotAllowed},
		{[]string{"Origin", "https://elsewhere.example"}, http.StatusForbidden},
		{[]string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{[]string{"Origin", "https://elsewhere.example", "Authorization", "Bearer key of the admin"}, http.StatusMethodNotAllowed},
	} {
		wantRefusal(t, strings.Join(tt.header, " "), get(site, "POST", "/api/v1/streams", tt.header...).Code, tt.status)
	}
}

// TestWhatIsSeen: who may watch sees that, and not from where it comes.
func TestWhatIsSeen(t *testing.T) {
	hub, site := guarded(t)
	publish(t, hub, "in/a")
	publish(t, hub, "b")
	type seen struct{ names, remotes []string }
	look := func(site http.Handler, header ...string) (s seen) {
		var list struct{ Streams []Stream }
		if err := json.Unmarshal(get(site, "GET", "/api/v1/streams", header...).Body.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		for _, one := range list.Streams {
			s.names = append(s.names, one.Name)
			if one.Publisher.Remote != "" {
				s.remotes = append(s.remotes, one.Publisher.Remote)
			}
		}
		return s
	}
	if s := look(site, "Authorization", "Bearer key of the player"); !slices.Equal(s.names, []string{"in/a"}) || s.remotes != nil {
		t.Errorf("a player sees %+v", s)
	}
	if s := look(site, "Authorization", "Bearer key of the reader"); len(s.names) != 2 || len(s.remotes) != 2 {
		t.Errorf("a reader sees %+v", s)
	}
	hub, site = guarded(t, access.Play)
	publish(t, hub, "b")
	if s := look(site); !slices.Equal(s.names, []string{"b"}) || s.remotes != nil {
		t.Errorf("where watching is open, everybody sees %+v", s)
	}
	if w := get(site, "GET", "/api/v1/streams/none"); w.Code != http.StatusNotFound {
		t.Errorf("no stream gives %d", w.Code)
	}
	if body := get(site, "GET", "/api/v1/server").Body.String(); !strings.Contains(body, `"needs_credential":["publish","read","admin"]`) {
		t.Errorf("the server says %s", body)
	}
}
