package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"millrace/api/apitest"
	"millrace/api/diagnosis"
	"millrace/transmux/access"
	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/journal"
	"millrace/transmux/ledger"
	"millrace/transmux/problem"
)

// contractSite has something of everything that can be asked for.
type contractSite struct {
	handler  http.Handler
	api      *API
	hub      *bus.Hub
	ledger   *ledger.Ledger
	journal  *journal.Journal
	contract *apitest.Contract
	checked  *apitest.Checked
	client   *apitest.ClientWithResponses
	ended    error // of the publisher
}

// fakeDrain, fakeTree and the others stand in for the rooms that cmd puts in.
type fakeDrain struct{ since *time.Time }

func (d *fakeDrain) Drain(time.Duration) { d.since = new(time.Now().UTC()) }
func (d *fakeDrain) State() Drain {
	return Drain{Draining: d.since != nil, Since: d.since, Until: d.since, Viewers: 1}
}

type fakeConfiguration struct{}

func (fakeConfiguration) Settings() ([]Setting, string) {
	return []Setting{
		{Key: "http.address", Value: ":8080", Source: "default", Default: ":8080", About: "where", Live: false},
		{Key: "auth.keys", Value: "***", Source: "file", Live: true},
	}, `"1"`
}

func (fakeConfiguration) Replace(text []byte, _ string, _ bool) (ConfigChange, error) {
	if string(text) != "log: {level: debug}\n" {
		return ConfigChange{}, problem.New(http.StatusUnprocessableEntity, "body:1:1: this is wrong")
	}
	return ConfigChange{Changed: []SettingChange{{"log.level", "info", "debug"}}, Overridden: []string{}}, nil
}

type fakeDiagnosis struct{}

func (fakeDiagnosis) Diagnose(_ context.Context, stream string, c diagnosis.Caller) diagnosis.Report {
	return diagnosis.Report{
		Stream: stream, At: time.Now().UTC(), Verdict: diagnosis.Bad, Caller: c,
		Checks: []diagnosis.Check{{
			ID: "publisher", Code: "no_publisher", Area: diagnosis.Publisher, Verdict: diagnosis.Bad,
			Title: "Nobody", Seen: "0", Why: "dark", Remedy: "publish",
		}},
	}
}

func fakeTree(_ context.Context, stream string) (Tree, bool) {
	return Tree{Stream: stream, Origin: "a", Whole: true, Nodes: []TreeNode{{Node: "a", Transport: "quic", Latency: .001}}}, stream == "live/demo"
}

func newContractSite(t *testing.T) *contractSite {
	t.Helper()
	contract, err := apitest.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	s := &contractSite{hub: bus.New(bus.Config{}), journal: journal.New("a", 0), contract: contract}
	t.Cleanup(s.hub.Close)
	s.ledger = ledger.New(s.journal)
	log := slog.New(slog.DiscardHandler)
	secret, err := access.ParseSecret("key of the admin")
	if err != nil {
		t.Fatal(err)
	}
	room := access.New(access.Config{Keys: []access.Key{{Name: "admin", Secret: secret, Grant: access.Grant{Read: true, Admin: true}}}}, log)
	t.Cleanup(room.Close)
	at := time.Now()
	s.api = New(Config{
		Version: "v1", Node: "a", Ports: Ports{HTTP: 8080}, Access: room, Drain: new(fakeDrain), Tree: fakeTree,
		Ledger: s.ledger, Journal: s.journal, Pictures: s.hub.Pictures, Configuration: fakeConfiguration{}, Diagnosis: fakeDiagnosis{},
		Sources: func() []Source { return []Source{{Name: "live/cam", State: "waiting", Since: at, Next: at}} },
		Cluster: func() Cluster { return Cluster{Node: "a", Nodes: []Node{{ID: "a", Role: "any"}}} },
		Hooks: func() []Hook {
			return []Hook{{Name: "h", Kind: "web", Target: "https://h", Events: []string{"publisher.started"}, State: "idle", LastAt: at}}
		},
	}, s.hub, judge, NewMetrics("v1", s.hub), log)
	s.handler = s.api.Handler(nil)
	s.checked = &apitest.Checked{T: t, Contract: contract, Next: apitest.Straight{Handler: s.handler}}
	s.client, err = apitest.NewClientWithResponses("http://gateway/api/v1", apitest.WithHTTPClient(s.checked),
		apitest.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer key of the admin")
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fill publishes live/demo with a derived sound, and has somebody watch it.
func (s *contractSite) fill(t *testing.T) (publisher, viewer string) {
	t.Helper()
	p := publish(t, s.hub, "live/demo")
	video := p.SetTrack(av.Track{Kind: av.Video, Codec: av.H264, Width: 1280, Height: 720})
	sound := p.SetTrack(av.Track{Kind: av.Audio, Codec: av.AAC, SampleRate: 48000, Channels: 2})
	for i, kind := range []av.Type{av.Key, av.Delta, av.Bidirectional} {
		at := time.Duration(i) * time.Second / 30
		p.Write(&av.Frame{Track: video, Type: kind, PTS: at, DTS: at, Arrived: time.Now(), Parts: [][]byte{{1, 2, 3}}})
	}
	held, release, err := s.hub.Hold("live/demo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	t.Cleanup(held.Derive(av.Track{Kind: av.Audio, Codec: av.Opus, SampleRate: 48000, Channels: 2, DerivedFrom: sound.ID}).Close)
	s.journal.Tell(journal.Event{Kind: journal.PublisherChanged, Stream: "live/demo", Detail: "H264", Tracks: []journal.Track{{Kind: "video", Codec: "H264", Width: 1280, Height: 720, BFrames: true}}})
	publisher, leave := s.ledger.Enter(ledger.Session{
		Role: ledger.Publisher, Stream: "live/demo", Protocol: "rtmp", Remote: "127.0.0.1:5", Agent: "OBS", Holder: "key:a",
		Since: time.Now().Add(-10 * time.Second), End: func(cause error) { s.ended = cause },
		Numbers: func() ledger.Numbers {
			return ledger.Numbers{Transport: "tcp", Video: "H264", Audio: "AAC", Bytes: 1e6, Packets: 900, Lost: 100}
		},
	})
	t.Cleanup(func() { leave(nil) })
	viewer, part := s.ledger.Enter(ledger.Session{Role: ledger.Viewer, Stream: "live/demo", Protocol: "whep"})
	t.Cleanup(func() { part(nil) })
	return publisher, viewer
}

// TestEveryOperation has the generated client do everything that is described, and
// holds each answer against the description.
func TestEveryOperation(t *testing.T) {
	s := newContractSite(t)
	publisher, viewer := s.fill(t)
	ctx, c := t.Context(), s.client
	ok := func(what string, good bool, answer any, err error) {
		t.Helper()
		if err != nil || !good {
			t.Errorf("%s: %+v, %v", what, answer, err)
		}
	}
	streams, err := c.ListStreamsWithResponse(ctx, nil)
	ok("streams", err == nil && streams.JSON200 != nil && len(streams.JSON200.Streams) == 1 && streams.JSON200.Total == 1, streams, err)
	stream, err := c.GetStreamWithResponse(ctx, "live/demo")
	ok("stream", err == nil && stream.JSON200 != nil && len(stream.JSON200.Tracks) == 3, stream, err)
	pictures, err := c.GetStreamPicturesWithResponse(ctx, "live/demo")
	ok("gop", err == nil && pictures.JSON200 != nil && len(pictures.JSON200.Frames) == 3 && pictures.JSON200.Frames[0].Kind == "key", pictures, err)
	diagnosis, err := c.GetStreamDiagnosisWithResponse(ctx, "live/none")
	ok("diagnosis", err == nil && diagnosis.JSON200 != nil && diagnosis.JSON200.Stream == "live/none", diagnosis, err)
	derived, err := c.ListDerivedWithResponse(ctx, nil)
	ok("derived", err == nil && derived.JSON200 != nil && derived.JSON200.Total == 1 && derived.JSON200.Derived[0].From == "AAC" && derived.JSON200.Derived[0].To == "opus", derived, err)
	sources, err := c.ListSourcesWithResponse(ctx, nil)
	ok("sources", err == nil && sources.JSON200 != nil && sources.JSON200.Total == 1, sources, err)
	source, err := c.GetSourceWithResponse(ctx, "live/cam")
	ok("source", err == nil && source.JSON200 != nil && source.JSON200.Next != nil, source, err)
	sessions, err := c.ListSessionsWithResponse(ctx, nil)
	ok("sessions", err == nil && sessions.JSON200 != nil && len(sessions.JSON200.Sessions) == 2, sessions, err)
	session, err := c.GetSessionWithResponse(ctx, publisher)
	ok("session", err == nil && session.JSON200 != nil && session.JSON200.Loss == .1 && session.JSON200.Bitrate > 700_000, session, err)
	end, err := c.EndSessionWithResponse(ctx, publisher)
	ok("kick", err == nil && end.StatusCode() == http.StatusNoContent && errors.Is(s.ended, ledger.ErrKicked), end, err)
	end, err = c.EndSessionWithResponse(ctx, viewer)
	ok("kick who cannot be", err == nil && end.ApplicationProblemJSON409 != nil, end, err)
	end, err = c.EndSessionWithResponse(ctx, "nobody")
	ok("kick nobody", err == nil && end.ApplicationProblemJSON404 != nil, end, err)
	events, err := c.ListEventsWithResponse(ctx, nil)
	ok("events", err == nil && events.JSON200 != nil && len(events.JSON200.Events) == 3, events, err)
	hooks, err := c.ListHooksWithResponse(ctx, nil)
	ok("hooks", err == nil && hooks.JSON200 != nil && hooks.JSON200.Total == 1, hooks, err)
	overview, err := c.GetOverviewWithResponse(ctx)
	ok("overview", err == nil && overview.JSON200 != nil && overview.JSON200.Publishers == 1 && overview.JSON200.Memory > 1<<20 && overview.JSON200.Node == "a", overview, err)
	history, err := c.GetOverviewHistoryWithResponse(ctx)
	ok("overview history", err == nil && history.JSON200 != nil && history.JSON200.Every == 2, history, err)
	server, err := c.GetServerWithResponse(ctx)
	ok("server", err == nil && server.JSON200 != nil && len(server.JSON200.NeedsCredential) == 4, server, err)
	config, err := c.GetConfigWithResponse(ctx, nil)
	ok("config", err == nil && config.JSON200 != nil && config.JSON200.Total == 2, config, err)
	replaced, err := c.ReplaceConfigWithBodyWithResponse(ctx, nil, "application/yaml", strings.NewReader("log: {level: debug}\n"))
	ok("replace", err == nil && replaced.JSON200 != nil && len(replaced.JSON200.Changed) == 1, replaced, err)
	replaced, err = c.ReplaceConfigWithBodyWithResponse(ctx, nil, "application/yaml", strings.NewReader("nonsense"))
	ok("replace by nonsense", err == nil && replaced.StatusCode() == http.StatusUnprocessableEntity && replaced.ApplicationProblemJSONDefault != nil, replaced, err)
	cluster, err := c.GetClusterWithResponse(ctx)
	ok("cluster", err == nil && cluster.JSON200 != nil && len(cluster.JSON200.Nodes) == 1, cluster, err)
	tree, err := c.GetStreamTreeWithResponse(ctx, "live/demo")
	ok("tree", err == nil && tree.JSON200 != nil && tree.JSON200.Stream == "live/demo", tree, err)
	drained, err := c.StartDrainWithResponse(ctx, &apitest.StartDrainParams{Grace: new("1m")})
	ok("drain", err == nil && drained.JSON202 != nil && drained.JSON202.Draining, drained, err)
	drain, err := c.GetDrainWithResponse(ctx)
	ok("drained", err == nil && drain.JSON200 != nil && drain.JSON200.Draining, drain, err)
	if missing := s.checked.Missing(); len(missing) > 0 {
		t.Errorf("never answered well: %v", missing)
	}
}

// path fills in a template.
func path(template string) string {
	return "/api/v1" + strings.NewReplacer("{name}", "live%2Fdemo", "{id}", "x").Replace(template)
}

// TestUnknownFields: of every operation.
func TestUnknownFields(t *testing.T) {
	s := newContractSite(t)
	s.fill(t)
	for _, template := range s.contract.Paths() {
		for _, method := range s.contract.Methods(template) {
			w := get(s.handler, method, path(template)+"?nonsense=1", "Authorization", "Bearer key of the admin", "Content-Type", "application/yaml")
			if w.Code != http.StatusBadRequest || w.Header().Get("Content-Type") != problemType || !strings.Contains(w.Body.String(), "nonsense") {
				t.Errorf("%s %s with an unknown field: %d %s", method, template, w.Code, w.Body)
			}
		}
	}
	// The credential's place is no unknown field.
	if w := get(s.handler, "GET", "/api/v1/overview?token=key+of+the+admin"); w.Code != http.StatusOK {
		t.Errorf("with a token: %d %s", w.Code, w.Body)
	}
}

// TestUnknownMethods: of every path those that are not described.
func TestUnknownMethods(t *testing.T) {
	s := newContractSite(t)
	s.fill(t)
	for _, template := range s.contract.Paths() {
		known := s.contract.Methods(template)
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			if slices.Contains(known, method) {
				continue
			}
			w := get(s.handler, method, path(template), "Authorization", "Bearer key of the admin")
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Content-Type") != problemType {
				t.Errorf("%s %s: %d %s", method, template, w.Code, w.Body)
				continue
			}
			for _, allowed := range known {
				if !strings.Contains(w.Header().Get("Allow"), allowed) {
					t.Errorf("%s %s: Allow is %q", method, template, w.Header().Get("Allow"))
				}
			}
		}
	}
}

func TestBadFields(t *testing.T) {
	s := newContractSite(t)
	s.fill(t)
	for _, target := range []string{
		"/streams?limit=0", "/streams?limit=1001", "/streams?limit=many", "/streams?live=perhaps", "/streams?limit=1&limit=2",
		"/sessions?role=king", "/sessions?after=nonsense", "/sessions?after=-", "/sessions?limit=-1", "/events?limit=0", "/drain",
	} {
		w := get(s.handler, "GET", "/api/v1"+target, "Authorization", "Bearer key of the admin")
		if bad := w.Code == http.StatusBadRequest && w.Header().Get("Content-Type") == problemType; bad == (target == "/drain") {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	if w := get(s.handler, "POST", "/api/v1/drain?grace=soon", "Authorization", "Bearer key of the admin"); w.Code != http.StatusBadRequest {
		t.Errorf("a drain with a bad grace: %d", w.Code)
	}
}

// TestListsAreTagged: those that the description gives a 304, and no others.
func TestListsAreTagged(t *testing.T) {
	s := newContractSite(t)
	for _, list := range tagged() {
		w := get(s.handler, "GET", "/api/v1"+list, "Authorization", "Bearer key of the admin")
		etag := w.Header().Get("ETag")
		if w.Code != http.StatusOK || etag == "" || w.Header().Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%s: %d %v", list, w.Code, w.Header())
			continue
		}
		for _, header := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
			w := get(s.handler, "GET", "/api/v1"+list, "Authorization", "Bearer key of the admin", "If-None-Match", header)
			if w.Code != http.StatusNotModified || w.Body.Len() > 0 || w.Header().Get("ETag") != etag {
				t.Errorf("%s with If-None-Match %s: %d %s", list, header, w.Code, w.Body)
			}
		}
		w = get(s.handler, "GET", "/api/v1"+list, "Authorization", "Bearer key of the admin", "If-None-Match", `"other"`)
		if w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s with another tag: %d", list, w.Code)
		}
	}
	before := get(s.handler, "GET", "/api/v1/streams", "Authorization", "Bearer key of the admin").Header().Get("ETag")
	s.fill(t)
	if after := get(s.handler, "GET", "/api/v1/streams", "Authorization", "Bearer key of the admin").Header().Get("ETag"); after == before {
		t.Error("another list has the same tag")
	}
	if w := get(s.handler, "GET", "/api/v1/server"); w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("what is true only now: %v", w.Header())
	}
}

// TestTheDescriptionIsThere, for programs and for people, whoever asks.
func TestTheDescriptionIsThere(t *testing.T) {
	s := newContractSite(t)
	w := get(s.handler, "GET", "/api/v1/openapi.yaml")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/yaml" || w.Body.String() != string(spec) {
		t.Errorf("openapi.yaml: %d %v", w.Code, w.Header())
	}
	w = get(s.handler, "GET", "/api/v1/")
	page := w.Body.String()
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("the page: %d %v", w.Code, w.Header())
	}
	for _, id := range s.contract.Operations() {
		if !strings.Contains(page, `<section id="`+id+`">`) {
			t.Errorf("the page does not tell of %s: run make generate", id)
		}
	}
	for _, foreign := range []string{"<script", "<style", " style=", "http://", "https://", " onclick"} {
		if strings.Contains(page, foreign) {
			t.Errorf("the page has %q in it", foreign)
		}
	}
	if w := get(s.handler, "GET", "/api/v1/reference.css"); w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("its style: %d", w.Code)
	}
	if w := get(s.handler, "GET", "/api/v1"); w.Code != http.StatusPermanentRedirect {
		t.Errorf("without the slash: %d", w.Code)
	}
	if resp, err := (apitest.Straight{Handler: s.handler}).RoundTrip(&http.Request{Method: "HEAD", URL: must(url.Parse("http://g/api/v1/openapi.yaml")), Header: http.Header{}}); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %v, %v", resp, err)
	} else if body, _ := io.ReadAll(resp.Body); len(body) > len(spec) {
		t.Error("too long")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
