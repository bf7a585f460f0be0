package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"millrace/transmux/rtc/peer"
)

// pulledSource is a source as the API tells it.
type pulledSource struct {
	Name, URL, State string
	OnDemand         bool   `json:"on_demand"`
	LastError        string `json:"last_error"`
	Retries, Viewers int
}

// source asks the API.
func (g *gateway) source(name string) pulledSource {
	g.t.Helper()
	resp, body := g.request(http.MethodGet, g.url("/api/v1/sources/"+name), "", "")
	var s pulledSource
	if err := json.Unmarshal(body, &s); err != nil || resp.StatusCode != http.StatusOK {
		g.t.Fatalf("%s: %v: %s", resp.Status, err, body)
	}
	return s
}

func (g *gateway) waitSource(name, state string) pulledSource {
	g.t.Helper()
	if err := poll(g.t.Context(), patience, func() bool { return g.source(name).State == state }); err != nil {
		g.t.Fatalf("the source is not %s: %+v\n%s", state, g.source(name), g.tail())
	}
	return g.source(name)
}

// said is whether a word is in the log.
func (g *gateway) said(word string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Contains(strings.Join(g.logs, "\n"), word)
}

// refused wants the stream to be refused for now, and gives the reason.
func (g *gateway) refused(name string) string {
	g.t.Helper()
	_, err := peer.Watch(withDeadline(g.t, patience), g.whep(name), g.options())
	var status *peer.StatusError
	if !errors.As(err, &status) || status.Status != http.StatusConflict || status.RetryAfter <= 0 {
		g.t.Fatalf("got %v", err)
	}
	return status.Problem.Detail
}

// TestSourceOverWHEP: a gateway fetches from another one while somebody watches;
// what is played there goes and comes back, and the viewers stay.
func TestSourceOverWHEP(t *testing.T) {
	t.Parallel()
	const secret = "s3cret-t0ken"
	origin := start(t, "MILLRACE_STREAM_LINGER=1s")
	edge := start(t, "MILLRACE_STREAM_LINGER=1s", "MILLRACE_LOG_LEVEL=debug", fmt.Sprintf(
		"MILLRACE_SOURCES={live/fetched: {url: 'http://%s@%s/whep/live/origin?token=%[1]s', on_demand: true, linger: 1s}}", secret, origin.http))
	if s := edge.source("live/fetched"); s.State != "idle" || !s.OnDemand || strings.Contains(s.URL, secret) {
		t.Errorf("before anybody watches: %+v", s)
	}
	if why := edge.refused("live/fetched"); !strings.Contains(why, "Nobody publishes this stream") || strings.Contains(why, secret) {
		t.Errorf("while nothing is played there: %s", why)
	}
	publisher := origin.publish(zeroLatency, "live/origin")
	origin.waitLive("live/origin")
	edge.waitSource("live/fetched", "idle")

	first := edge.watch(withDeadline(t, 4*patience), "live/fetched")
	first.more(t, 60)
	second := edge.watch(withDeadline(t, 4*patience), "live/fetched")
	second.more(t, 30)
	if s, _ := origin.stream("live/origin"); s.Viewers != 1 {
		t.Errorf("%d viewers at the origin, wanted the edge alone", s.Viewers)
	}
	if s := edge.source("live/fetched"); s.State != "live" || s.Viewers != 2 {
		t.Errorf("while two watch: %+v", s)
	}
	if len(first.audio()) < 20 {
		t.Error("no sound")
	}

	publisher.kill()
	if s := edge.waitSource("live/fetched", "waiting"); s.LastError == "" || s.Retries == 0 {
		t.Errorf("while it is away: %+v", s)
	}
	pass(t, 3*time.Second) // three times of what ends a stream that is no source's
	had := len(first.video())
	origin.publish(zeroLatency, "live/origin")
	first.more(t, 60)
	second.more(t, 60)
	if u := first.video()[had]; !u.Key || !u.Complete {
		t.Errorf("the first picture after it came back is no whole keyframe: %s", describe(u))
	}

	first.leave(t)
	second.leave(t)
	edge.waitSource("live/fetched", "idle")
	if err := poll(t.Context(), patience, func() bool { s, _ := origin.stream("live/origin"); return s.Viewers == 0 }); err != nil {
		t.Error("the edge goes on watching")
	}
	if edge.said(secret) {
		t.Errorf("the log has the token:\n%s", edge.tail())
	}
	if !edge.said("whep: pull closed") || !edge.said("pull: source failed") {
		t.Errorf("the log says too little:\n%s", edge.tail())
	}
}

// TestSourceOwnsItsName: nobody pushes to the name of a source.
func TestSourceOwnsItsName(t *testing.T) {
	t.Parallel()
	g := start(t, "MILLRACE_SOURCES={live/fetched: {url: 'http://127.0.0.1:1/whep/a', on_demand: true}}")
	c, err := dialRTMP(t.Context(), g.rtmp)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.publish("live/fetched"); err == nil {
		t.Error("it was let in")
	}
	if why := g.refused("live/fetched"); !strings.Contains(why, "connection refused") {
		t.Errorf("a viewer is told: %s", why)
	}
}

// TestCameraOnDemand: a camera with digest authentication is fetched when somebody
// watches, dies, and comes back; its viewers stay, and it is left when they go.
func TestCameraOnDemand(t *testing.T) {
	t.Parallel()
	cam := newCamera(t)
	g := start(t, "MILLRACE_STREAM_LINGER=1s", "MILLRACE_LOG_LEVEL=debug", fmt.Sprintf(
		"MILLRACE_SOURCES={live/cam: {url: 'rtsp://%s/stream', user: %s, password: '%s', on_demand: true, linger: 1s}}",
		cam.address, cameraUser, cameraPassword))
	g.waitSource("live/cam", "idle")
	if cam.watched() != 0 {
		t.Error("fetched for nobody")
	}
	first := g.watch(withDeadline(t, 5*patience), "live/cam")
	first.more(t, 60)
	second := g.watch(withDeadline(t, 5*patience), "live/cam")
	second.more(t, 30)
	if n := cam.watched(); n != 1 {
		t.Errorf("%d connections to the camera for two viewers", n)
	}
	cam.off()
	if s := g.waitSource("live/cam", "waiting"); s.LastError == "" {
		t.Errorf("while it is off: %+v", s)
	}
	pass(t, 2*time.Second) // twice what ends a stream that is no source's
	had := len(first.video())
	cam.on()
	first.more(t, 60)
	second.more(t, 60)
	if u := first.video()[had]; !u.Key || !u.Complete {
		t.Errorf("the first picture after it came back is no whole keyframe: %s", describe(u))
	}
	if first.Err() != nil || second.Err() != nil {
		t.Errorf("the sessions ended: %v, %v", first.Err(), second.Err())
	}
	first.leave(t)
	second.leave(t)
	g.waitSource("live/cam", "idle")
	if err := poll(t.Context(), patience, func() bool { return cam.watched() == 0 }); err != nil {
		t.Error("the camera is still connected")
	}
	for _, secret := range []string{cameraPassword, cameraUser, "p4ss%3Aw%2Frd", "p4ss:w%2Frd"} {
		if g.said(secret) {
			t.Errorf("the log has %s:\n%s", secret, g.tail())
		}
	}
}

// TestCameraRefuses: a wrong password is told to the viewer, at once, and to nobody
// what it was.
func TestCameraRefuses(t *testing.T) {
	t.Parallel()
	cam := newCamera(t)
	g := start(t, "MILLRACE_LOG_LEVEL=debug", fmt.Sprintf(
		"MILLRACE_SOURCES={live/cam: {url: 'rtsp://%s:wr0ng-passw0rd@%s/stream', on_demand: true}}", cameraUser, cam.address))
	if why := g.refused("live/cam"); !strings.Contains(why, "401") && !strings.Contains(why, "credential") && !strings.Contains(why, "nauthorized") ||
		strings.Contains(why, "wr0ng") {
		t.Errorf("told: %s", why)
	}
	if g.said("wr0ng-passw0rd") {
		t.Errorf("the log has the password:\n%s", g.tail())
	}
}
