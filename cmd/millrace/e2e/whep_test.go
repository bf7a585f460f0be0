package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"testing"
	"time"

	"millrace/transmux/rtc/peer"
)

// request makes one HTTP request and returns the answer with its body read.
func (g *gateway) request(method, url, kind, body string) (*http.Response, []byte) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(withDeadline(g.t, patience), method, url, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("Origin", "https://elsewhere.example")
	if method == http.MethodOptions {
		req.Header.Set("Access-Control-Request-Method", "POST")
		req.Header.Set("Access-Control-Request-Headers", "content-type,authorization")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return resp, b
}

// problem wants the answer to say what is wrong in the form all errors have.
func problem(t *testing.T, resp *http.Response, body []byte) {
	t.Helper()
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	var p peer.Problem
	if err := json.Unmarshal(body, &p); err != nil || kind != "application/problem+json" {
		t.Errorf("%s: not a problem: %q %q", resp.Status, resp.Header.Get("Content-Type"), body)
		return
	}
	if p.Title == "" || p.Status != resp.StatusCode {
		t.Errorf("%s: problem %+v", resp.Status, p)
	}
	if resp.StatusCode != http.StatusMethodNotAllowed && resp.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("%s: a page from elsewhere may not read why", resp.Status)
	}
}

// vp8Offer is a well-formed offer with nothing in it that is ever sent here.
var vp8Offer = strings.Join([]string{
	"v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
	"m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", "a=mid:0", "a=recvonly", "a=rtcp-mux",
	"a=rtpmap:96 VP8/90000", "a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx", "a=setup:actpass",
	"a=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat("AB:", 32), ":"), "",
}, "\r\n")

func TestWHEPRefusals(t *testing.T) {
	g := start(t)
	g.publish(toneClip, "live/there")
	g.waitLive("live/there")
	const sdp = "application/sdp"
	tests := []struct {
		name, method, path, kind, body string
		status                         int // 0: any 4xx
	}{
		{"wrong type", "POST", "/whep/live/there", "application/json", "{}", 415},
		{"no type", "POST", "/whep/live/there", "", vp8Offer, 415},
		{"empty", "POST", "/whep/live/there", sdp, "", 400},
		{"no SDP", "POST", "/whep/live/there", sdp, "hello", 400},
		{"cut off", "POST", "/whep/live/there", sdp, vp8Offer[:60], 400},
		{"a megabyte", "POST", "/whep/live/there", sdp, vp8Offer + strings.Repeat("a=x\r\n", 200_000), 413},
		{"bad name", "POST", "/whep/live/no%20such", sdp, vp8Offer, 0},
		{"no name", "POST", "/whep/", sdp, vp8Offer, 0},
		{"unknown session", "DELETE", "/sessions/none", "", "", 404},
		{"wrong method", "PUT", "/whep/live/there", sdp, vp8Offer, 405},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := g.request(tt.method, g.url(tt.path), tt.kind, tt.body)
			if (tt.status != 0 && resp.StatusCode != tt.status) || resp.StatusCode/100 != 4 {
				t.Errorf("%s, wanted %d: %s", resp.Status, tt.status, body)
			}
			problem(t, resp, body)
		})
	}
}

// TestWHEPNotLive: who comes too early is told when to come again.
func TestWHEPNotLive(t *testing.T) {
	g := start(t)
	_, err := peer.Watch(withDeadline(t, patience), g.whep("live/nobody"), g.options())
	var status *peer.StatusError
	if !errors.As(err, &status) {
		t.Fatalf("got %v", err)
	}
	if status.Status != http.StatusConflict || status.RetryAfter <= 0 || status.Problem.Detail == "" {
		t.Errorf("got %+v", status)
	}
}

// TestWHEPFromElsewhere: pages of other origins may use it.
func TestWHEPFromElsewhere(t *testing.T) {
	g := start(t)
	resp, _ := g.request(http.MethodOptions, g.whep("live/any"), "", "")
	if resp.StatusCode/100 != 2 {
		t.Errorf("preflight: %s", resp.Status)
	}
	h := resp.Header
	if h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("allows the origin %q", h.Get("Access-Control-Allow-Origin"))
	}
	hasWord(t, h, "Access-Control-Allow-Methods", "POST")
	hasWord(t, h, "Access-Control-Allow-Headers", "content-type")
	hasWord(t, h, "Access-Control-Allow-Headers", "authorization")
	resp, _ = g.request(http.MethodPost, g.whep("live/any"), "application/sdp", vp8Offer)
	for _, word := range []string{"Location", "ETag", "Link", "Retry-After"} {
		hasWord(t, resp.Header, "Access-Control-Expose-Headers", word)
	}
}

func hasWord(t *testing.T, h http.Header, name, word string) {
	t.Helper()
	for value := range strings.SplitSeq(strings.Join(h.Values(name), ","), ",") {
		if v := strings.TrimSpace(value); strings.EqualFold(v, word) || v == "*" {
			return
		}
	}
	t.Errorf("%s is %q, without %s", name, h.Values(name), word)
}

// TestWHEPDelete: a session ends once, and its viewer is told over its own wire.
func TestWHEPDelete(t *testing.T) {
	g := start(t)
	g.publish(toneClip, "live/delete")
	g.waitLive("live/delete")
	r := g.watch(withDeadline(t, patience), "live/delete")
	r.more(t, 10)
	resp, _ := g.request(http.MethodDelete, r.Location(), "", "")
	if resp.StatusCode != http.StatusOK {
		t.Errorf("DELETE: %s", resp.Status)
	}
	select {
	case <-r.Done():
		if !errors.Is(r.Err(), peer.ErrGoodbye) {
			t.Errorf("ended with %v", r.Err())
		}
	case <-time.After(patience):
		t.Error("the deleted session was not told to its viewer")
	}
	resp, body := g.request(http.MethodDelete, r.Location(), "", "")
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("second DELETE: %s", resp.Status)
	}
	problem(t, resp, body)
	if err := poll(t.Context(), patience, func() bool {
		s, _ := g.stream("live/delete")
		return s.Viewers == 0
	}); err != nil {
		t.Error("the viewer is still counted")
	}
}

// TestWHEPProfiles: each SRTP profile alone is enough, and so is each kind of
// track, and any H.264 level a browser may list.
func TestWHEPProfiles(t *testing.T) {
	g := start(t)
	g.publish(zeroLatency, "live/profiles")
	g.waitLive("live/profiles")
	tests := map[string]func(*peer.Options){
		"GCM only":          func(o *peer.Options) { o.Profiles = []peer.Profile{peer.AEADAES128GCM} },
		"CM only":           func(o *peer.Options) { o.Profiles = []peer.Profile{peer.AES128CMHMACSHA180} },
		"no sound":          func(o *peer.Options) { o.NoAudio = true },
		"baseline only":     func(o *peer.Options) { o.Levels = []string{"42e01f"} },
		"high only":         func(o *peer.Options) { o.Levels = []string{"640028"} },
		"many level to try": func(o *peer.Options) { o.Levels = []string{"42001f", "42e01f", "4d001f", "f4001f", "64001f"} },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			o := g.options()
			change(&o)
			v, err := peer.Watch(withDeadline(t, patience), g.whep("live/profiles"), o)
			if err != nil {
				t.Fatal(err)
			}
			if err := v.WaitKeyframe(withDeadline(t, patience)); err != nil {
				t.Errorf("no picture: %v", err)
			}
			if err := v.Close(); err != nil {
				t.Error(err)
			}
			flawless(t, v)
		})
	}
}
