package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// follower is a viewer that goes where it is told, as the pages do: it begins the
// new session, and ends the old one when that has a picture.
type follower struct {
	g      *gateway
	first  *recorder
	mu     sync.Mutex
	second *recorder
	asked  time.Time
	url    string
}

// follow watches a stream and listens to what the gateway has to say.
func (g *gateway) follow(name string) *follower {
	g.t.Helper()
	f := &follower{g: g, first: g.watch(withDeadline(g.t, 2*patience), name)}
	response, body := g.request(http.MethodPost, f.first.Location()+"/sse", "application/json", `["reconnect"]`)
	if response.StatusCode != http.StatusCreated {
		g.t.Fatalf("%s: %s", response.Status, body)
	}
	at, err := response.Request.URL.Parse(response.Header.Get("Location"))
	if err != nil {
		g.t.Fatal(err)
	}
	told := make(chan string, 1)
	stop := hearReconnect(g.t, at.String(), told)
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		select {
		case to := <-told:
			f.mu.Lock()
			f.asked, f.url = time.Now(), to
			f.mu.Unlock()
		case <-g.t.Context().Done():
		}
	}()
	g.t.Cleanup(func() { stop(); <-heard })
	return f
}

// hearReconnect listens to a session's events, and passes on where it is told to go,
// if it ever is.
func hearReconnect(t *testing.T, url string, told chan<- string) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Error(err)
			return
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			if ctx.Err() == nil {
				t.Error(err)
			}
			return
		}
		defer response.Body.Close()
		kind := ""
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			switch key, value, _ := strings.Cut(lines.Text(), ": "); key {
			case "event":
				kind = value
			case "data":
				var to struct{ URL string }
				if kind == "reconnect" && json.Unmarshal([]byte(value), &to) == nil {
					told <- to.URL
					return
				}
			}
		}
	}()
	return func() { cancel(); <-done }
}

func (f *follower) told() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.url
}

// TestDrain: an edge goes, its viewers go on at the other one before it has gone.
func TestDrain(t *testing.T) {
	t.Parallel()
	const name = "live/drain"
	const viewers = 12
	origin := node(t, "origin", "127.0.0.2", nil, "MILLRACE_NODE_ROLE=origin")
	if err := poll(t.Context(), patience, func() bool { return origin.directory() != "" }); err != nil {
		t.Fatal("no directory is served")
	}
	edge := node(t, "edge", "127.0.0.3", origin, "MILLRACE_NODE_ROLE=edge", "MILLRACE_SHUTDOWN_DRAIN=20s")
	other := node(t, "other", "127.0.0.4", origin, "MILLRACE_NODE_ROLE=edge")
	for _, g := range []*gateway{origin, edge, other} {
		g.knows(3)
	}
	origin.publish(zeroLatency, name)
	origin.waitLive(name)
	all := make([]*follower, viewers)
	for i := range all {
		all[i] = edge.follow(name)
	}
	for _, f := range all {
		f.first.more(t, 10)
	}

	begun := time.Now()
	response, err := http.Post(edge.url("/api/v1/drain"), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Draining bool
		Viewers  int
	}
	if response.StatusCode != http.StatusAccepted || json.Unmarshal(body, &state) != nil || !state.Draining || state.Viewers != viewers {
		t.Fatalf("%s %s", response.Status, body)
	}
	for _, f := range all {
		if err := poll(t.Context(), patience, func() bool { return f.told() != "" }); err != nil {
			t.Fatalf("a viewer is not asked to move\n%s", edge.tail())
		}
		if f.url != other.whep(name) {
			t.Fatalf("it is to go to %s, not %s", f.url, other.whep(name))
		}
	}
	t.Logf("all asked after %v", time.Since(begun).Round(time.Millisecond))
	edge.refusesNewcomers(t, name)

	longest := time.Duration(0)
	for _, f := range all {
		f.second = other.watch(withDeadline(t, 2*patience), name)
		f.second.more(t, 1)
		was, is := f.first.video(), f.second.video()
		gap := is[0].Last.Sub(was[len(was)-1].Last)
		longest = max(longest, gap)
		f.first.leave(t)
	}
	t.Logf("the longest pause between two sessions is %v", longest.Round(time.Millisecond))
	most := 10 * time.Second
	if strict() {
		most = 2 * time.Second
	}
	if longest > most {
		t.Errorf("%v without a picture", longest)
	}

	select {
	case <-edge.exited:
		edge.stopped = true
	case <-time.After(patience):
		t.Fatalf("the node has not ended\n%s", edge.tail())
	}
	if code := edge.cmd.ProcessState.ExitCode(); code != 0 || edge.count("nobody is left") != 1 {
		t.Errorf("exit code %d\n%s", code, edge.tail())
	}
	for _, f := range all {
		f.second.more(t, 20)
		forward(t, f.second, begun)
		if f.second.Err() != nil {
			t.Errorf("the new session ended: %v", f.second.Err())
		}
	}
}

// refusesNewcomers: the node is not ready, viewers are sent on, publishers refused.
func (g *gateway) refusesNewcomers(t *testing.T, name string) {
	t.Helper()
	if response, _ := g.request(http.MethodGet, g.url("/readyz"), "", ""); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("it is %s", response.Status)
	}
	if v := g.metric("millrace_draining"); v != 1 {
		t.Errorf("millrace_draining is %v", v)
	}
	once := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := once.Post(g.whep(name), "application/sdp", strings.NewReader(vp8Offer))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusTemporaryRedirect || response.Header.Get("Location") == "" {
		t.Errorf("a viewer gets %s", response.Status)
	}
	once.CloseIdleConnections()
	again, body := g.request(http.MethodPost, g.whep(name)+"?redirected=x", "application/sdp", vp8Offer)
	if again.StatusCode != http.StatusServiceUnavailable || again.Header.Get("Retry-After") == "" {
		t.Errorf("a viewer that was sent here gets %s %s", again.Status, body)
	}
	problem(t, again, body)
}

// TestDrainAlone: SIGTERM lets those who watch go on until the time is over, and
// nobody new in.
func TestDrainAlone(t *testing.T) {
	t.Parallel()
	g := start(t, "MILLRACE_SHUTDOWN_DRAIN=3s")
	g.publish(toneClip, "live/alone")
	g.waitLive("live/alone")
	r := g.watch(withDeadline(t, patience), "live/alone")
	r.more(t, 5)
	begun := time.Now()
	if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := poll(t.Context(), patience, func() bool { return g.count("draining") > 0 }); err != nil {
		t.Fatal("it does not drain")
	}
	response, body := g.request(http.MethodPost, g.whep("live/alone"), "application/sdp", vp8Offer)
	if response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%s %s", response.Status, body)
	}
	late := g.publish(toneClip, "live/late")
	select {
	case <-late.exited:
	case <-time.After(patience):
		t.Error("a publisher is let in")
	}
	r.more(t, 5)
	select {
	case <-g.exited:
		g.stopped = true
	case <-time.After(patience):
		t.Fatalf("it has not ended\n%s", g.tail())
	}
	if code := g.cmd.ProcessState.ExitCode(); code != 0 || time.Since(begun) < 3*time.Second || g.count("the time is over") != 1 {
		t.Errorf("exit code %d after %v\n%s", code, time.Since(begun), g.tail())
	}
}
