package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// hookSecret must be nowhere but in the receiver and in the settings.
const hookSecret = "s3cret-of-the-hook"

// hookEvent is what a receiver reads of an event.
type hookEvent struct {
	ID, Kind, Node, Stream, Session, Protocol, Remote, Cause, Detail string
	Seq                                                              uint64
	Tracks                                                           []struct{ Kind, Codec string }
}

// receiver is an application that takes webhooks, and some that should not.
type receiver struct {
	t      *testing.T
	server *httptest.Server
	quit   chan struct{} // what hangs, goes

	mu     sync.Mutex
	events []hookEvent
	stuck  int // requests that were never answered
	lured  int // requests at the place that a redirect named
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t, quit: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("/app/path-s3cret", r.take)
	mux.HandleFunc("/stuck", func(_ http.ResponseWriter, q *http.Request) {
		r.count(&r.stuck)
		select {
		case <-q.Context().Done():
		case <-r.quit:
		}
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, "/elsewhere", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { r.count(&r.lured) })
	mux.HandleFunc("/huge", func(w http.ResponseWriter, _ *http.Request) {
		for chunk := make([]byte, 64<<10); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	r.server = httptest.NewServer(mux)
	t.Cleanup(func() { close(r.quit); r.server.Close() })
	return r
}

func (r *receiver) count(what *int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*what++
}

// take checks a request as the documentation says, by means of its own.
func (r *receiver) take(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		r.t.Error(err)
	}
	stamp := q.Header.Get("Millrace-Timestamp")
	mac := hmac.New(sha256.New, []byte(hookSecret))
	_, _ = fmt.Fprintf(mac, "%s.%s", stamp, body)
	if got, want := q.Header.Get("Millrace-Signature"), "sha256="+hex.EncodeToString(mac.Sum(nil)); got != want {
		r.t.Errorf("signed %q, want %q", got, want)
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > time.Minute {
		r.t.Errorf("the timestamp is %q", stamp)
	}
	var e hookEvent
	if err := json.Unmarshal(body, &e); err != nil || q.Method != http.MethodPost {
		r.t.Errorf("%s: %v in %s", q.Method, err, body)
	}
	if q.Header.Get("Millrace-Event") != e.Kind || q.Header.Get("Millrace-Delivery") != e.ID {
		r.t.Errorf("the headers of %s say %v", body, q.Header)
	}
	r.mu.Lock()
	r.events = append(r.events, e)
	r.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// of are the events about a stream, in the order in which they came.
func (r *receiver) of(stream string) (list []hookEvent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.Stream == stream {
			list = append(list, e)
		}
	}
	return list
}

// until waits for an event of that kind about the stream.
func (r *receiver) until(stream, kind string) hookEvent {
	r.t.Helper()
	var found hookEvent
	err := poll(r.t.Context(), patience, func() bool {
		for _, e := range r.of(stream) {
			if e.Kind == kind {
				found = e
				return true
			}
		}
		return false
	})
	if err != nil {
		r.t.Fatalf("%s: no %s among %+v", stream, kind, r.of(stream))
	}
	return found
}

// hook is a hook as the API tells it.
type hook struct {
	Name, Kind, Target, State          string
	Queued, Delivered, Failed, Dropped int
	LastError                          string `json:"last_error"`
}

func (g *gateway) hooks() map[string]hook {
	g.t.Helper()
	resp, body := g.request(http.MethodGet, g.url("/api/v1/hooks"), "", "")
	var answer struct{ Hooks []hook }
	if err := json.Unmarshal(body, &answer); err != nil || resp.StatusCode != http.StatusOK {
		g.t.Fatalf("%s: %v: %s", resp.Status, err, body)
	}
	if strings.Contains(string(body), "s3cret") {
		g.t.Errorf("the API tells a secret: %s", body)
	}
	all := map[string]hook{}
	for _, h := range answer.Hooks {
		all[h.Name] = h
	}
	return all
}

// recipe is the script of docs/events.md that records what is published, for folders
// and ports of the test's own. What it leaves behind tells when it has ended.
func recipe(t *testing.T, dir string) string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	script := regexp.MustCompile("(?s)```sh\n(#!/bin/sh\n# /usr/local/bin/record.*?)```").FindStringSubmatch(string(page))
	if script == nil {
		t.Fatal("docs/events.md has no script that records")
	}
	text := script[1]
	for old, now := range map[string]string{
		"/srv/recordings": dir + "/recordings", "127.0.0.1:8554": `$(cat "` + dir + `/rtsp")`, "setsid ffmpeg": "setsid " + dir + "/ffmpeg-and-tell",
	} {
		if !strings.Contains(text, old) {
			t.Fatalf("the script has no %s", old)
		}
		text = strings.ReplaceAll(text, old, now)
	}
	write(t, dir+"/ffmpeg-and-tell", "#!/bin/sh\nffmpeg \"$@\" 2>"+dir+"/said\ntouch "+dir+"/recorded\n")
	t.Cleanup(func() {
		if said, err := os.ReadFile(dir + "/said"); t.Failed() {
			t.Logf("the recording's ffmpeg said: %s, %v", said, err)
		}
	})
	return write(t, dir+"/record", text)
}

func write(t *testing.T, file, text string) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestHooks: what happens to a stream is told to an application, and makes a recording
// begin; receivers that misbehave keep nobody waiting.
func TestHooks(t *testing.T) {
	t.Parallel()
	r, dir := newReceiver(t), t.TempDir()
	g := start(t, "MILLRACE_STREAM_LINGER=1s", "MILLRACE_SHUTDOWN_DRAIN=1s", "MILLRACE_LOG_LEVEL=debug",
		"MILLRACE_SOURCES={cam/off: 'rtsp://admin:pass-s3cret@127.0.0.1:1/x'}", "MILLRACE_HOOKS="+strings.Join(strings.Fields(fmt.Sprintf(`{
		app: {url: '%[1]s/app/path-s3cret?key=query-s3cret', secret: %[2]s},
		stuck: {url: '%[1]s/stuck', timeout: 500ms},
		moved: {url: '%[1]s/moved'},
		huge: {url: '%[1]s/huge'},
		record: {command: %[3]s, events: [publisher.changed], streams: [rec/*]},
		hang: {command: [env, KEY=arg-s3cret, sleep, '300'], events: [publisher.started], streams: [live/*], timeout: 300ms}
	}`, r.server.URL, hookSecret, recipe(t, dir))), " "))
	write(t, dir+"/rtsp", g.rtsp)

	if e := r.until("cam/off", "source.down"); !strings.Contains(e.Cause, "refused") || e.Protocol != "rtsp" {
		t.Errorf("%+v", e)
	}
	publisher := g.publish(zeroLatency, "live/talk")
	recorded := g.publish(zeroLatency, "rec/show")
	started, changed := r.until("live/talk", "publisher.started"), r.until("live/talk", "publisher.changed")
	if started.Protocol != "rtmp" || started.Remote == "" || changed.Session != started.Session || started.Session == "" {
		t.Errorf("%+v, %+v", started, changed)
	}
	if len(changed.Tracks) != 2 || changed.Tracks[0].Codec != "H264" || changed.Tracks[1].Codec != "AAC" {
		t.Errorf("its tracks are %+v", changed.Tracks)
	}
	viewer := g.watch(withDeadline(t, 4*patience), "live/talk")
	viewer.more(t, 30)
	if e := r.until("live/talk", "viewers.first"); e.Protocol != "whep" {
		t.Errorf("%+v", e)
	}
	if e := r.until("live/talk", "derived.started"); e.Detail != "Opus from AAC, by the gateway" {
		t.Errorf("%+v", e)
	}
	viewer.leave(t)
	r.until("live/talk", "viewers.last")
	if e := r.until("live/talk", "derived.stopped"); e.Cause == "" {
		t.Errorf("%+v", e)
	}
	r.until("rec/show", "viewers.first") // the recording
	pass(t, 2*time.Second)               // of which there shall be something
	publisher.running()
	recorded.running()
	publisher.kill()
	recorded.kill()
	if e := r.until("live/talk", "publisher.stopped"); e.Cause != "the peer closed the connection" || e.Session != started.Session {
		t.Errorf("%+v", e)
	}
	g.checkRecording(dir, r.until("rec/show", "publisher.changed").Session)
	inSequence(t, r.of("live/talk"))
	inSequence(t, r.of("rec/show"))
	if list := r.of("cam/off"); len(list) != 1 {
		t.Errorf("a source that stays away: %+v", list)
	}
	g.checkHooks(r)

	g.publish(zeroLatency, "live/last")
	r.until("live/last", "publisher.started")
	g.stop()
	if e := r.until("", "node.drain"); !strings.Contains(e.Detail, "1 publishers") {
		t.Errorf("%+v", e)
	}
	if e := r.until("live/last", "publisher.stopped"); !strings.Contains(e.Cause, "shutting down") {
		t.Errorf("with the stop: %+v", e)
	}
	for _, word := range []string{"s3cret", hookSecret} {
		if g.said(word) {
			t.Errorf("the log has %s", word)
		}
	}
}

// checkRecording wants the recording of a session to be over and to have pictures and
// sound.
func (g *gateway) checkRecording(dir, session string) {
	g.t.Helper()
	if err := poll(g.t.Context(), 2*patience, func() bool { _, err := os.Stat(dir + "/recorded"); return err == nil }); err != nil {
		g.t.Fatalf("the recording does not end\n%s", g.tail())
	}
	file := filepath.Join(dir, "recordings/rec/show", session+".mkv")
	_, said := run(g.t, "-loglevel", "info", "-i", file, "-map", "0:v", "-map", "0:a", "-f", "null", "-")
	frames := regexp.MustCompile(`frame=\s*(\d+)`).FindAllSubmatch(said, -1)
	if len(frames) == 0 {
		g.t.Fatalf("nothing in the recording:\n%s", said)
	}
	if n, err := strconv.Atoi(string(frames[len(frames)-1][1])); err != nil || n < 30 {
		g.t.Errorf("%d frames in the recording: %v\n%s", n, err, said)
	}
}

// inSequence wants events in their order, and none twice.
func inSequence(t *testing.T, list []hookEvent) {
	t.Helper()
	for i := 1; i < len(list); i++ {
		if list[i].Seq <= list[i-1].Seq {
			t.Errorf("%s (%d) came after %s (%d)", list[i].Kind, list[i].Seq, list[i-1].Kind, list[i-1].Seq)
		}
	}
}

// checkHooks wants each of the hooks to be seen as it is.
func (g *gateway) checkHooks(r *receiver) {
	g.t.Helper()
	for name, holds := range map[string]func(h hook) bool{
		"app": func(h hook) bool {
			return h.Kind == "web" && h.State == "idle" && h.Delivered >= 9 && h.Failed == 0 && h.Queued == 0
		},
		"huge": func(h hook) bool { return h.State == "idle" && h.Delivered >= 9 && h.Failed == 0 },
		"stuck": func(h hook) bool {
			return h.State == "retrying" && h.Delivered == 0 && h.Failed >= 2 && h.Queued >= 9 && h.LastError != ""
		},
		"moved": func(h hook) bool {
			return h.State == "retrying" && h.Delivered == 0 && strings.Contains(h.LastError, "307")
		},
		"record": func(h hook) bool {
			return h.Kind == "exec" && h.Target == "record" && h.Delivered >= 1 && h.Failed == 0
		},
		"hang": func(h hook) bool {
			return h.Target == "env" && h.Dropped == 1 && strings.Contains(h.LastError, "did not end within 300ms")
		},
	} {
		var last hook
		if err := poll(g.t.Context(), patience, func() bool { last = g.hooks()[name]; return holds(last) }); err != nil {
			g.t.Errorf("%s: %+v", name, last)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lured > 0 {
		g.t.Errorf("%d requests went where a redirect said", r.lured)
	}
	if r.stuck < 2 {
		g.t.Errorf("what never answers was asked %d times", r.stuck)
	}
}
