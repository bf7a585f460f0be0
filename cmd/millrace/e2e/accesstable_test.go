package e2e

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// way is a protocol and what is done by it. It returns the status, as HTTP has them.
type way struct {
	name, action string
	try          func(g *gateway, stream string, c credential) int
}

// anyTLS trusts the certificate that the test made.
var anyTLS = &tls.Config{InsecureSkipVerify: true}

func ways() []way {
	whip := overHTTP("/whip/", offerOf("sendonly", "actpass", mVideo, mAudio))
	whep := overHTTP("/whep/", offerOf("recvonly", "actpass", mVideo, mAudio))
	stream, metrics := overHTTP("/api/v1/streams/", ""), overHTTP("/metrics#", "")
	list := []way{
		{"rtmp", "publish", overRTMP("rtmp", "publish", "NetStream.Publish.Start")},
		{"rtmps", "publish", overRTMP("rtmps", "publish", "NetStream.Publish.Start")},
		{"rtmp", "play", overRTMP("rtmp", "play", "NetStream.Play.Start")},
		{"rtmps", "play", overRTMP("rtmps", "play", "NetStream.Play.Start")},
		{"rtsp by query or Basic", "publish", overRTSP("rtsp", "ANNOUNCE", false)},
		{"rtsps by query or Basic", "publish", overRTSP("rtsps", "ANNOUNCE", false)},
		{"rtsp by query or Basic", "play", overRTSP("rtsp", "DESCRIBE", false)},
		{"rtsps by query or Basic", "play", overRTSP("rtsps", "DESCRIBE", false)},
		{"rtsp by Digest", "publish", overRTSP("rtsp", "ANNOUNCE", true)},
		{"rtsps by Digest", "publish", overRTSP("rtsps", "ANNOUNCE", true)},
		{"rtsp by Digest", "play", overRTSP("rtsp", "DESCRIBE", true)},
		{"rtsps by Digest", "play", overRTSP("rtsps", "DESCRIBE", true)},
	}
	for _, by := range []string{"", "query", "bearer"} {
		how := func(try func(*gateway, string, credential) int) func(*gateway, string, credential) int {
			return func(g *gateway, stream string, c credential) int { return try(g, stream, c.shown(by)) }
		}
		name := " by " + by
		if by == "" {
			name = " by bearer or Basic"
		}
		list = append(list,
			way{"whip" + name, "publish", how(whip)}, way{"whep" + name, "play", how(whep)},
			way{"api" + name, "play", how(stream)}, way{"metrics" + name, "read", how(metrics)},
			way{"api" + name, "admin", how(kickNobody)})
	}
	return list
}

// kickNobody asks to end a session that there is not.
func kickNobody(g *gateway, _ string, c credential) int {
	g.t.Helper()
	response, _ := g.as(http.MethodDelete, "/api/v1/sessions/nobody", "", c)
	if response.StatusCode == http.StatusNotFound {
		return http.StatusOK // as far as it goes
	}
	return response.StatusCode
}

// attempt is a cell of the table.
type attempt struct {
	what, stream string
	with         credential
	want         int
}

// expected is what comes of each credential by that way.
func expected(m method, w way, target, other string) []attempt {
	if m.open {
		wrong, expired := m.wrong, m.expired
		wrong.any, expired.any = true, true
		return []attempt{
			{"absent", target, credential{any: true}, http.StatusOK},
			{"whatever", target, wrong, http.StatusOK},
			{"whatever else", target, expired, http.StatusOK},
		}
	}
	list := []attempt{
		{"absent", target, credential{}, http.StatusUnauthorized},
		{"wrong", target, m.wrong, http.StatusUnauthorized},
		{"expired", target, m.expired, http.StatusUnauthorized},
		{"right", target, m.right, http.StatusOK},
	}
	switch {
	case w.action == "read" || w.action == "admin": // there is one of it
	case strings.HasPrefix(w.name, "api"): // who may read sees all, and there is no such stream
		list = append(list, attempt{"right for something else", other, m.right, http.StatusNotFound})
	default:
		list = append(list, attempt{"right for something else", other, m.right, http.StatusForbidden})
	}
	return list
}

// TestAccess: every method by every protocol, with the right credential, the wrong
// one, one that has expired and none; and nothing of it is ever seen again.
func TestAccess(t *testing.T) {
	t.Parallel()
	public, secret := certificate(t)
	for name, m := range methods(t) {
		t.Run(name, func(t *testing.T) {
			sink := newSink(t)
			g := start(t, append(m.settings, "MILLRACE_LOG_LEVEL=debug", "MILLRACE_TLS_CERTIFICATE="+public, "MILLRACE_TLS_KEY="+secret,
				"MILLRACE_RTMPS_ADDRESS=127.0.0.1:0", "MILLRACE_RTSPS_ADDRESS=127.0.0.1:0",
				"MILLRACE_HOOKS={sink: {url: '"+sink.URL+"/?key=hook-query', secret: 'hook-secret-of-enough-characters', token: hook-token}}")...)
			live := holdLive(g, "live/on", m.right)
			defer live.Close()
			tried := 0
			for i, w := range ways() {
				if strings.Contains(w.name, "Digest") && !m.proves {
					continue
				}
				target, other := "live/on", "other/on"
				if w.action == "publish" {
					target = fmt.Sprint("live/in", i)
				}
				for j, tt := range expected(m, w, target, other) {
					tried++
					if m.open && w.action == "publish" {
						tt.stream += fmt.Sprint("-", j) // the one before may not have gone yet
					}
					if got := w.try(g, tt.stream, tt.with); got != tt.want {
						t.Errorf("%s over %s, %s: %d, want %d", w.action, w.name, tt.what, got, tt.want)
					}
				}
			}
			t.Logf("%d attempts", tried)
			saysNothing(g, m, sink)
		})
	}
}

// sink takes the events that a hook sends.
type sink struct {
	*httptest.Server

	mu   sync.Mutex
	said strings.Builder
}

func newSink(t *testing.T) *sink {
	s := &sink{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // cut off at the end
		s.mu.Lock()
		defer s.mu.Unlock()
		s.said.Write(body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *sink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.String()
}

// tellers are the paths of everything that the gateway tells.
var tellers = []string{
	"/metrics", "/api/v1/streams", "/api/v1/streams/live/on", "/api/v1/streams/live/on/diagnosis", "/api/v1/streams/live/on/gop",
	"/api/v1/sessions", "/api/v1/events", "/api/v1/overview", "/api/v1/overview/history", "/api/v1/config", "/api/v1/hooks", "/api/v1/derived",
	"/api/v1/server", "/api/v1/sources", "/api/v1/cluster", "/api/v1/drain", "/whep/other/on", "/whip/other/on",
}

// saysNothing looks for the credentials in everything that the gateway has said.
func saysNothing(g *gateway, m method, s *sink) {
	g.t.Helper()
	texts := map[string]string{}
	for _, path := range tellers {
		response, body := g.as(http.MethodGet, path, "", m.right)
		texts[path] = string(body)
		if strings.HasPrefix(path, "/api/") && response.StatusCode != http.StatusOK {
			g.t.Errorf("%s: %s", path, response.Status)
		}
	}
	if err := poll(g.t.Context(), patience, func() bool { return strings.Contains(s.text(), "viewers.last") }); err != nil {
		g.t.Errorf("the hook has heard %q", s.text())
	}
	texts["the hook"] = s.text()
	g.mu.Lock()
	texts["the log"] = strings.Join(g.logs, "\n")
	g.mu.Unlock()
	for where, has := range map[string]string{"the log": `"level":"DEBUG"`, "/metrics": "millrace_access_refused_total", "/api/v1/config": "log.level", "/api/v1/sessions": "live/on"} {
		if !strings.Contains(texts[where], has) {
			g.t.Errorf("%s has no %s: this is not everything that it says", where, has)
		}
	}
	secrets := append([]string{accessSecret, "hook-query", "hook-secret-of-enough-characters", "hook-token"}, m.secrets...)
	for _, c := range []credential{m.right, m.wrong, m.expired} {
		secrets = append(secrets, c.token, c.password)
		if c.user != "" {
			secrets = append(secrets, c.text())
		}
	}
	for _, secret := range secrets {
		for _, form := range formsOf(secret) {
			for where, text := range texts {
				if at := strings.Index(text, form); at >= 0 {
					g.t.Errorf("%s has the credential %s: …%s…", where, secret, text[max(0, at-200):min(len(text), at+200)])
				}
			}
		}
	}
}

// formsOf are how a secret may be written.
func formsOf(secret string) []string {
	if secret == "" {
		return nil
	}
	raw := []byte(secret)
	return []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString(raw),
		base64.StdEncoding.EncodeToString(raw), base64.URLEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
	}
}
