package resource

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"millrace/transmux/origin"
)

// ways are detours that count.
type ways struct {
	mu          sync.Mutex
	open, ended int
	host        string
}

func (w *ways) Open(session, host string) []ICEServer {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open++
	w.host = host
	return []ICEServer{{URL: "turn:" + host + ":3478?transport=udp", Username: "of " + session, Credential: "secret"}}
}

func (w *ways) End(string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended++
}

func (w *ways) counts() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprint(w.open, " ", w.ended)
}

// TestDetoursLiveAsLongAsTheirSession: they are named in the 201 only, and taken back
// whatever becomes of the session.
func TestDetoursLiveAsLongAsTheirSession(t *testing.T) {
	w := &ways{}
	f := open(t, Config{ICEServers: []ICEServer{{URL: "stun:s.example"}}, Detours: w})
	resp, _ := f.do(http.MethodPost, "/out/x", "good", "Content-Type", typeSDP)
	links := strings.Join(resp.Header.Values("Link"), "\n")
	location := resp.Header.Get("Location")
	want := fmt.Sprintf(`<turn:127.0.0.1:3478?transport=udp>; rel="ice-server"; username="of %s"; credential="secret"; credential-type="password"`, strings.TrimPrefix(location, sessionsPath))
	if resp.StatusCode != http.StatusCreated || !strings.Contains(links, want) || !strings.Contains(links, "<stun:s.example>") || w.counts() != "1 0" {
		t.Errorf("%d %s, %s", resp.StatusCode, links, w.counts())
	}
	f.do(http.MethodDelete, location, "")
	if w.counts() != "1 1" {
		t.Errorf("after its end: %s", w.counts())
	}
	if resp, _ := f.do(http.MethodPost, "/out/x", "bad", "Content-Type", typeSDP); resp.Header.Get("Link") != "" || w.counts() != "2 2" {
		t.Errorf("refused: %v, %s", resp.Header, w.counts())
	}
	if f.do(http.MethodPost, "/out/x", "over", "Content-Type", typeSDP); w.counts() != "3 3" {
		t.Errorf("over at once: %s", w.counts())
	}
	if resp, _ := f.do(http.MethodOptions, "/out/x", ""); resp.Header.Get("Link") != "" || w.counts() != "3 3" {
		t.Errorf("OPTIONS: %v, %s", resp.Header, w.counts())
	}
}

func TestHostOf(t *testing.T) {
	for host, want := range map[string]string{
		"gate.example": "gate.example", "gate.example:8080": "gate.example", "192.0.2.1:80": "192.0.2.1",
		"[2001:db8::1]:443": "2001:db8::1", "[2001:db8::1]": "2001:db8::1",
		"": "", `a"; rel="x`: "", "a>b": "", "a b": "", "a\r\nb": "", strings.Repeat("a", 300): "",
	} {
		if got := hostOf(&http.Request{Host: host}); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

// TestOrigins: pages of other sites than those that are named are not told anything.
func TestOrigins(t *testing.T) {
	f := open(t, Config{Origins: origin.List{"https://a.example"}})
	for from, want := range map[string]string{"https://a.example": "https://a.example", "https://b.example": ""} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, f.url+"/out/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", from)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := resp.Header.Get("Access-Control-Allow-Origin"); got != want || resp.Header.Get("Vary") != "Origin" {
			t.Errorf("%s: %q", from, got)
		}
	}
}
