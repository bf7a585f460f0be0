package api

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// judge passes video and derives AAC, as the house does; HE-AAC and H.265 it cannot.
func judge(_ string, t *av.Track) Verdict {
	v := Verdict{Way: "pass"}
	switch {
	case t.Codec == av.H265:
		v = Verdict{Way: "no", Why: "with ffmpeg H.265 could be turned into H.264, but ffmpeg is not installed on the gateway"}
	case t.Reordered && t.Rendition == "cured":
		v = Verdict{Way: "derive", Why: "H.264 with B-frames is encoded anew without them for browsers"}
	case t.Codec == av.AAC && t.Profile == "HE-AAC":
		v = Verdict{Way: "no", Why: "HE-AAC cannot be turned into Opus; set the encoder to AAC-LC"}
	case t.Codec == av.AAC:
		v = Verdict{Way: "derive", Why: "AAC is turned into Opus"}
	}
	v.Players = []Player{{"browsers (WebRTC)", v.Way, v.Why}, {"RTSP", "pass", ""}}
	return v
}

const problemType = "application/problem+json"

// newSite is the whole handler on a real bus, as cmd puts it together.
func newSite(t *testing.T, mounts ...Mount) (*bus.Hub, *API, http.Handler) {
	t.Helper()
	hub := bus.New(bus.Config{})
	t.Cleanup(hub.Close)
	log := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg := Config{Version: "v1.2.3", Ports: Ports{RTMP: 1935, HTTP: 8080, WebRTC: 8000}}
	a := New(cfg, hub, judge, NewMetrics(cfg.Version, hub), log)
	pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") })
	return hub, a, a.Handler(pages, mounts...)
}

func publish(t *testing.T, hub *bus.Hub, name string) *bus.Publisher {
	t.Helper()
	p, err := hub.Publish(name, bus.PublisherInfo{Protocol: "rtmp", Remote: "127.0.0.1:5000", Encoder: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func get(handler http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// rude is a mount whose handlers panic, before and after they began to answer.
type rude struct{}

func (rude) Routes(r chi.Router) {
	r.Post("/rude/early", func(http.ResponseWriter, *http.Request) { panic("ouch") })
	r.Post("/rude/late", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half an")
		panic("ouch")
	})
}

func TestStatus(t *testing.T) {
	hub, _, site := newSite(t, rude{})
	publish(t, hub, "live/demo")
	publish(t, hub, "one")
	for _, tc := range []struct {
		method, target string
		status         int
		contentType    string
		allow          string
	}{
		{"GET", "/api/v1/streams", 200, "application/json", ""},
		{"HEAD", "/api/v1/streams", 200, "application/json", ""},
		{"GET", "/api/v1/streams/live/demo", 200, "application/json", ""},
		{"GET", "/api/v1/streams/live%2Fdemo", 200, "application/json", ""},
		{"GET", "/api/v1/streams/l%69ve/demo", 200, "application/json", ""},
		{"GET", "/api/v1/streams/one", 200, "application/json", ""},
		{"GET", "/api/v1/streams/", 404, problemType, ""},
		{"GET", "/api/v1/streams/live", 404, problemType, ""},
		{"GET", "/api/v1/streams/live%252Fdemo", 404, problemType, ""},
		{"GET", "/api/v1/streams/live//demo", 404, problemType, ""},
		{"GET", "/api/v1/streams/x/../live/demo", 404, problemType, ""},
		{"GET", "/api/v1/nothing", 404, problemType, ""},
		{"GET", "/api", 404, problemType, ""},
		{"POST", "/api/v1/streams", 405, problemType, "GET, HEAD"},
		{"DELETE", "/api/v1/streams/live/demo", 405, problemType, "GET, HEAD"},
		{"GET", "/api/v1/server", 200, "application/json", ""},
		{"GET", "/healthz", 200, "text/plain; charset=utf-8", ""},
		{"GET", "/readyz", 503, problemType, ""},
		{"GET", "/metrics", 200, "", ""},
		{"HEAD", "/metrics", 200, "", ""},
		{"PUT", "/metrics", 405, problemType, "GET, HEAD"},
		{"GET", "/", 200, "", ""},
		{"GET", "/watch/live/demo", 200, "", ""},
		{"POST", "/watch/live/demo", 405, problemType, "GET, HEAD"},
		{"POST", "/rude/early", 500, problemType, ""},
	} {
		w := get(site, tc.method, tc.target)
		if w.Code != tc.status {
			t.Errorf("%s %s: %d, want %d: %s", tc.method, tc.target, w.Code, tc.status, w.Body)
		}
		if got := w.Header().Get("Content-Type"); tc.contentType != "" && got != tc.contentType {
			t.Errorf("%s %s: content type %q, want %q", tc.method, tc.target, got, tc.contentType)
		}
		if got := w.Header().Get("Allow"); got != tc.allow {
			t.Errorf("%s %s: Allow %q, want %q", tc.method, tc.target, got, tc.allow)
		}
		if len(w.Header().Get(requestIDHeader)) != 16 {
			t.Errorf("%s %s: request id %q", tc.method, tc.target, w.Header().Get(requestIDHeader))
		}
		if tc.contentType == problemType {
			checkProblem(t, w)
		}
	}
}

func checkProblem(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	var p struct {
		Type, Title, Detail string
		Status              int
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	if p.Status != w.Code || p.Title == "" || p.Detail == "" || p.Type != "about:blank" {
		t.Errorf("incomplete problem: %+v", p)
	}
}

func TestPanicAfterTheAnswerBegan(t *testing.T) {
	_, _, site := newSite(t, rude{})
	defer func() {
		cause := recover()
		if err, ok := cause.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("panic %v, want the connection cut off", cause)
		}
	}()
	get(site, "POST", "/rude/late")
}

func TestReady(t *testing.T) {
	_, a, site := newSite(t)
	a.SetReady(true)
	if w := get(site, "GET", "/readyz"); w.Code != 200 {
		t.Errorf("ready: %d", w.Code)
	}
	a.SetReady(false)
	if w := get(site, "GET", "/readyz"); w.Code != 503 {
		t.Errorf("stopping: %d", w.Code)
	}
}

func TestCrossOrigin(t *testing.T) {
	_, _, site := newSite(t)
	w := get(site, "GET", "/api/v1/streams", "Origin", "https://example.org")
	if got := w.Header().Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("allowed origin %q", got)
	}
	w = get(site, "OPTIONS", "/api/v1/streams/live/demo", "Origin", "https://example.org", "Access-Control-Request-Method", "GET")
	if w.Code != 204 || w.Header().Get("Access-Control-Allow-Methods") != "GET, HEAD, OPTIONS" {
		t.Errorf("preflight: %d %v", w.Code, w.Header())
	}
	if got := get(site, "GET", "/metrics").Header().Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("metrics are for pages of %q too", got)
	}
}

func TestServerAnswer(t *testing.T) {
	_, _, site := newSite(t)
	want := `{"version":"v1.2.3","rtmp_port":1935,"rtsp_port":0,"http_port":8080,"webrtc_port":8000,"needs_credential":[]}`
	if got := strings.TrimSpace(get(site, "GET", "/api/v1/server").Body.String()); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestStreamAnswer(t *testing.T) {
	hub, _, site := newSite(t)
	p := publish(t, hub, "live/demo")
	publish(t, hub, "a")
	video := p.SetTrack(av.Track{Kind: av.Video, Codec: av.H264, Width: 1280, Height: 720, Profile: "High 4.0"})
	p.SetTrack(av.Track{Kind: av.Audio, Codec: av.AAC, SampleRate: 44100, Channels: 2, Profile: "AAC-LC"})
	frames := []av.Type{av.Key, av.Delta, av.Bidirectional, av.Delta}
	for i, kind := range frames {
		at := time.Duration(i) * time.Second / 30
		p.Write(&av.Frame{Track: video, Type: kind, PTS: at, DTS: at, Arrived: time.Now(), Parts: [][]byte{{1, 2, 3}}})
	}
	viewer, err := hub.Subscribe(t.Context(), "live/demo")
	if err != nil {
		t.Fatal(err)
	}
	defer viewer.Close()

	var list struct{ Streams []map[string]any }
	if err := json.Unmarshal(get(site, "GET", "/api/v1/streams").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Streams) != 2 || list.Streams[0]["name"] != "a" || list.Streams[1]["name"] != "live/demo" {
		t.Fatalf("not the two streams by name: %v", list.Streams)
	}
	got := list.Streams[1]
	if _, err := time.Parse(time.RFC3339, got["since"].(string)); err != nil {
		t.Error(err)
	}
	delete(got, "since")
	delete(got, "bitrate") // needs whole seconds to be measured
	tracks := got["tracks"].([]any)
	for _, tr := range tracks {
		delete(tr.(map[string]any), "bitrate")
		delete(tr.(map[string]any), "keyframe_interval")
	}
	players := func(how, why string) []any {
		return []any{
			map[string]any{"what": "browsers (WebRTC)", "how": how, "why": why},
			map[string]any{"what": "RTSP", "how": "pass", "why": ""},
		}
	}
	want := map[string]any{
		"name": "live/demo", "live": true, "generation": 1.0, "viewers": 1.0,
		"publisher": map[string]any{"protocol": "rtmp", "remote": "127.0.0.1:5000", "encoder": "test"},
		"tracks": []any{
			map[string]any{
				"id": 1.0, "kind": "video", "codec": "H264", "profile": "High 4.0", "width": 1280.0, "height": 720.0,
				"frame_rate": 0.0, "b_frame_share": 0.0, "frames": 4.0, "keyframes": 1.0, "b_frames": 1.0,
				"derived_from": 0.0, "playable": "pass", "note": "", "players": players("pass", ""),
			},
			map[string]any{
				"id": 2.0, "kind": "audio", "codec": "AAC", "profile": "AAC-LC", "sample_rate": 44100.0, "channels": 2.0,
				"frames": 0.0, "derived_from": 0.0, "playable": "derive", "note": "AAC is turned into Opus",
				"players": players("derive", "AAC is turned into Opus"),
			},
		},
		"warnings": got["warnings"],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if codes := got["warnings"].([]any); len(codes) != 1 || codes[0].(map[string]any)["code"] != "b_frames" {
		t.Errorf("warnings %v, want b_frames", codes)
	}
	if empty := list.Streams[0]["warnings"]; empty == nil {
		t.Error("no warnings must be an empty list, not null")
	}
}

func TestMetrics(t *testing.T) {
	hub, a, site := newSite(t)
	publish(t, hub, "live/demo")
	viewer, err := hub.Subscribe(t.Context(), "live/demo")
	if err != nil {
		t.Fatal(err)
	}
	defer viewer.Close()
	a.metrics.Join.Observe(0.03)
	a.metrics.AddedLatency.Observe(0.0003)
	a.metrics.Gauge("millrace_pending", "Now.", func() float64 { return 2 })
	a.metrics.Counter("millrace_late_total", "Ever.", func() float64 { return 3 })
	a.metrics.Counters("millrace_refused_total", "Ever.", "reason", func() map[string]uint64 { return map[string]uint64{"full": 4, "taken": 5} })
	text := get(site, "GET", "/metrics").Body.String()
	for _, line := range []string{
		"millrace_streams 1", "millrace_publishers 1", "millrace_viewers 1",
		"millrace_publishers_total 1", "millrace_viewers_total 1", "millrace_frames_total 0", "millrace_bytes_total 0",
		"millrace_gop_drops_total 0", "millrace_keyframe_requests_total 0",
		"millrace_pending 2", "millrace_late_total 3",
		`millrace_refused_total{reason="full"} 4`, `millrace_refused_total{reason="taken"} 5`,
		`millrace_build_info{version="v1.2.3"} 1`,
		`millrace_join_seconds_bucket{le="0.02"} 0`, `millrace_join_seconds_bucket{le="0.04"} 1`,
		`millrace_added_latency_seconds_bucket{le="0.0004"} 1`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	for _, name := range []string{"go_goroutines", "process_open_fds"} {
		if !strings.Contains(text, "\n"+name+" ") {
			t.Errorf("no %s", name)
		}
	}
}
