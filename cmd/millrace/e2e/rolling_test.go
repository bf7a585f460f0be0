package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"millrace/transmux/rtc/peer"
)

// wanderer watches a stream, and goes on at another node whenever it is told to, as
// our pages do: the old session ends when the new one has a picture.
type wanderer struct {
	t    *testing.T
	name string

	mu      sync.Mutex
	last    time.Time     // guarded by mu: of the newest picture of any session
	longest time.Duration // between two pictures
	moves   int
	cause   string // why it ended, if it did before the test was over
}

// wander watches until stop is closed.
func (w *wanderer) wander(url string, stop <-chan struct{}) {
	session, err := w.begin(url)
	if err != nil {
		w.fail(err.Error())
		return
	}
	for {
		told := make(chan string, 1)
		listening, err := listen(w.t, session.Location(), told)
		if err != nil {
			w.fail(err.Error())
			return
		}
		var next *peer.Viewer
		select {
		case at := <-told:
			if next, err = w.begin(at); err != nil {
				w.fail(err.Error())
			}
		case <-session.Done():
			w.fail("the session ended: " + session.Err().Error())
		case <-stop:
		}
		_ = session.Close() // whatever it was, it is over
		listening()
		if next == nil {
			return
		}
		session = next
		w.mu.Lock()
		w.moves++
		w.mu.Unlock()
	}
}

// begin starts a session, and waits for its first picture.
func (w *wanderer) begin(url string) (*peer.Viewer, error) {
	ctx := withDeadline(w.t, patience)
	v, err := peer.Watch(ctx, url, peer.Options{Listen: "127.0.0.1:0", OnAccessUnit: func(u peer.AccessUnit) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.last.IsZero() {
			w.longest = max(w.longest, u.Last.Sub(w.last))
		}
		w.last = u.Last
	}})
	if err != nil {
		return nil, err
	}
	if err := v.WaitKeyframe(ctx); err != nil {
		_ = v.Close()
		return nil, err
	}
	return v, nil
}

func (w *wanderer) fail(cause string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cause = cause
}

// home runs a cluster's nodes, and starts one again when it is asked to, as systemd
// would: the same settings, the same ports.
type home struct {
	t     *testing.T
	nodes map[string]*housed // by its base URL
}

type housed struct {
	*gateway
	settings []string
}

// place starts a node on ports that it keeps.
func (h *home) place(id, address string, rtmpPort uint16, settings ...string) *housed {
	h.t.Helper()
	web := freePort(h.t, address)
	n := &housed{settings: append([]string{
		clusterSecret, "MILLRACE_NODE_ID=" + id, "MILLRACE_HTTP_ADDRESS=" + web, fmt.Sprintf("MILLRACE_RTMP_ADDRESS=%s:%d", address, rtmpPort),
		"MILLRACE_RELAY_ADDRESS=" + freePort(h.t, address), "MILLRACE_WEBRTC_ADDRESS=" + freePort(h.t, address),
	}, settings...)}
	n.gateway = start(h.t, n.settings...)
	h.nodes["http://"+web] = n
	return n
}

// ServeHTTP starts the node anew whose address is the body.
func (h *home) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	n := h.nodes[string(body)]
	if err != nil || n == nil {
		http.Error(w, "no such node", http.StatusNotFound)
		return
	}
	n.drained(patience)
	n.gateway = start(h.t, n.settings...)
}

// TestRollingRestart: the script of deploy/ restarts all nodes of a tree, the one with
// the publisher and the one with the directory among them, while viewers watch.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	const name = "live/rolling"
	viewers := 10
	if strict() {
		viewers = 100
	}
	port := freeNumber(t, "127.0.0.21", "127.0.0.22", "127.0.0.23", "127.0.0.24", "127.0.0.25")
	h := &home{t: t, nodes: make(map[string]*housed)}
	meet := freePort(t, "127.0.0.21")
	first := h.place("origin1", "127.0.0.21", port, "MILLRACE_NODE_ROLE=origin", "MILLRACE_CLUSTER_NATS_LISTEN="+meet)
	order := []*housed{first}
	for _, one := range [][3]string{{"origin2", "127.0.0.22", "origin"}, {"edge1", "127.0.0.23", "edge"}, {"edge2", "127.0.0.24", "edge"}, {"edge3", "127.0.0.25", "edge"}} {
		order = append(order, h.place(one[0], one[1], port, "MILLRACE_NODE_ROLE="+one[2], "MILLRACE_CLUSTER_NATS_URL="+meet))
	}
	for _, n := range order {
		n.knows(5)
	}
	e := encode(t, first.gateway, lightClip(t), name)
	first.waitLive(name)

	var watching sync.WaitGroup
	stop := make(chan struct{})
	all := make([]*wanderer, viewers)
	for i := range all {
		all[i] = &wanderer{t: t, name: name}
		url := order[2+i%3].whep(name)
		watching.Go(func() { all[i].wander(url, stop) })
	}
	end := sync.OnceFunc(func() { close(stop); watching.Wait() })
	defer end()
	if err := poll(t.Context(), 2*patience, func() bool { return seeing(all) == viewers }); err != nil {
		t.Fatalf("%d of %d viewers have a picture", seeing(all), viewers)
	}

	server := httptest.NewServer(h)
	defer server.Close()
	script := exec.CommandContext(t.Context(), "bash", "../../../deploy/rolling-restart.sh")
	for i := len(order) - 1; i >= 0; i-- { // the directory goes last
		script.Args = append(script.Args, order[i].url(""))
	}
	script.Env = append(os.Environ(), "GRACE=30s", "PAUSE=2", "RESTART=curl -fsS --max-time 60 "+server.URL+" -d")
	begun := time.Now()
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("five nodes restarted in %v", time.Since(begun).Round(time.Second))
	if n := seeing(all); n != viewers {
		t.Errorf("%d of %d viewers have a picture", n, viewers)
	}
	end()
	longest, moves := time.Duration(0), 0
	for i, w := range all {
		longest, moves = max(longest, w.longest), moves+w.moves
		if w.cause != "" {
			t.Errorf("viewer %d: %s", i, w.cause)
		}
	}
	t.Logf("%d viewers moved %d times; the longest time without a picture was %v", viewers, moves, longest.Round(time.Millisecond))
	if strict() && longest > 2*time.Second || longest > 20*time.Second {
		t.Errorf("a viewer was %v without a picture", longest)
	}
	if moves < viewers {
		t.Errorf("%d viewers moved only %d times", viewers, moves)
	}
	select {
	case <-e.ended:
		t.Errorf("the encoder ended: %v", e.result)
	default:
	}
}

// TestBackAtOnce: a node that is killed, and started anew before the others can have
// missed it, is taken for itself, and not for another one of its id.
func TestBackAtOnce(t *testing.T) {
	t.Parallel()
	h := &home{t: t, nodes: make(map[string]*housed)}
	meet := freePort(t, "127.0.0.26")
	port := freeNumber(t, "127.0.0.26", "127.0.0.27")
	origin := h.place("origin", "127.0.0.26", port, "MILLRACE_NODE_ROLE=origin", "MILLRACE_CLUSTER_NATS_LISTEN="+meet)
	edge := h.place("edge", "127.0.0.27", port, "MILLRACE_NODE_ROLE=edge", "MILLRACE_CLUSTER_NATS_URL="+meet)
	for range 3 {
		origin.knows(2)
		edge.knows(2)
		edge.kill()
		edge.gateway = start(t, edge.settings...)
	}
	origin.knows(2)
	edge.knows(2)
}

// seeing counts those who had a picture within the last moment.
func seeing(all []*wanderer) (n int) {
	for _, w := range all {
		w.mu.Lock()
		if time.Since(w.last) < 5*time.Second {
			n++
		}
		w.mu.Unlock()
	}
	return n
}

// listen waits for a session's word to go to another node; stop ends that.
func listen(t *testing.T, session string, told chan<- string) (stop func(), err error) {
	response, err := http.Post(session+"/sse", "application/json", strings.NewReader(`["reconnect"]`))
	if err != nil {
		return nil, err
	}
	response.Body.Close()
	at, err := response.Request.URL.Parse(response.Header.Get("Location"))
	if err != nil {
		return nil, err
	}
	return hearReconnect(t, at.String(), told), nil
}
