package e2e

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"millrace/transmux/rtc/peer"
)

const (
	// audience is who watches while the configuration changes under them.
	audience = 100
	// after is how long they are watched after each change.
	after = 2 * time.Second
)

// TestReloadUnderViewers: rules, limits, hooks, sources and the level of the log
// change twice under a hundred viewers, once by a signal and once by the API, and a
// broken file comes in between; nobody misses a packet.
func TestReloadUnderViewers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.yaml")
	write := func(yaml string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const all = "auth: {open: [publish, play, read, admin]}\n"
	write(all)
	g := start(t, "--config="+file)
	source := g.publish(lightClip(t), "live/on")
	g.waitLive("live/on")
	viewers := g.audience(t, "live/on")
	hangup := func(yaml, says string) {
		t.Helper()
		write(yaml)
		before := g.count(says)
		if err := g.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if err := poll(t.Context(), patience, func() bool { return g.count(says) > before }); err != nil {
			t.Fatalf("it does not say %q\n%s", says, g.tail())
		}
	}
	unharmed := func(what string) {
		t.Helper()
		packets := delivered(viewers)
		pass(t, after)
		if more := delivered(viewers) - packets; more < audience*20 {
			t.Errorf("%s: only %d packets came to %d viewers", what, more, audience)
		}
		for i, v := range viewers {
			if v.Err() != nil {
				t.Fatalf("%s: viewer %d: %v", what, i, v.Err())
			}
			flawless(t, v)
		}
	}
	unharmed("at first")

	hangup(all+`limits: {viewers_per_stream: 50, viewers: 20, publishers: 1, requests: 500, bitrate: 50M}
hooks: {app: {url: "http://127.0.0.1:9/", secret: "of more than enough characters"}}
sources: {live/cam: {url: "rtsp://127.0.0.1:9/cam", on_demand: true}}
stream: {linger: 20s}
webrtc: {ice_servers: ["stun:stun.example:3478"]}
log: {level: debug}
`, `"msg":"configuration reloaded"`)
	unharmed("by a signal")
	if status, said := g.offer(t, "live/on", ""); status != http.StatusServiceUnavailable {
		t.Errorf("one more than may: %d %s", status, said)
	}
	if n := g.metric(`millrace_limit_refusals_total{limit="viewers"}`); n != 1 {
		t.Errorf("%v refusals were counted", n)
	}

	for _, broken := range []string{"limits: {viewers: none}\n", "log: [", all + "http: {address: ':0'}\nwebrtc: {tcp: false}\n"} {
		hangup(broken, "nothing changed")
	}
	unharmed("by broken files")
	if status, said := g.offer(t, "live/on", ""); status != http.StatusServiceUnavailable {
		t.Errorf("a broken file took the limit away: %d %s", status, said)
	}

	const closed = "auth:\n  open: [publish, read, admin]\n  keys: {one: {key: a-key-for-watching, play: live/*}}\n"
	if status, said := g.put(t, closed); status != http.StatusOK {
		t.Fatalf("%d %s", status, said)
	}
	unharmed("by the API")
	if status, said := g.offer(t, "live/on", ""); status != http.StatusUnauthorized {
		t.Errorf("without the key: %d %s", status, said)
	}
	if status, said := g.offer(t, "live/on", "a-key-for-watching"); status != http.StatusCreated {
		t.Errorf("with the key: %d %s", status, said)
	}
	source.running()
}

// audience lets viewers in, who stay until the test's end.
func (g *gateway) audience(t *testing.T, name string) []*peer.Viewer {
	t.Helper()
	var mu sync.Mutex
	var viewers []*peer.Viewer
	t.Cleanup(func() {
		for _, v := range viewers {
			_ = v.Close() // by then the rules may not let it end its session
		}
	})
	for _, err := range g.several(audience, name, func(ctx context.Context, v *peer.Viewer) error {
		mu.Lock()
		viewers = append(viewers, v)
		mu.Unlock()
		return v.WaitKeyframe(ctx)
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return viewers
}

// offer asks to watch, and does not go on with it.
func (g *gateway) offer(t *testing.T, name, token string) (int, string) {
	t.Helper()
	response, said := g.as(http.MethodPost, "/whep/"+name, offerOf("recvonly", "actpass", mVideo, mAudio), credential{token: token})
	return response.StatusCode, string(said)
}

// put sends a configuration.
func (g *gateway) put(t *testing.T, yaml string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(withDeadline(t, patience), http.MethodPut, g.url("/api/v1/config"), strings.NewReader(yaml))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/yaml")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(said)
}
