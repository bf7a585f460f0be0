package front

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func site(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.RemoteAddr)) }

func TestRedirectsPagesOfItsDomainsOnly(t *testing.T) {
	for _, tc := range []struct {
		method, host, path string
		port               int
		want               string
	}{
		{"GET", "live.example.org", "/", 443, "https://live.example.org/"},
		{"HEAD", "LIVE.example.org:80", "/watch/a/b?x=1&y", 443, "https://LIVE.example.org/watch/a/b?x=1&y"},
		{"GET", "live.example.org:8080", "/publish/a", 8443, "https://live.example.org:8443/publish/a"},
		{"GET", "live.example.org", "//evil.example/", 443, "https://live.example.org//evil.example/"},
		{"GET", "live.example.org", "/apiary", 443, "https://live.example.org/apiary"},
		{"GET", "10.0.0.1", "/", 443, ""},
		{"GET", "other.example.org", "/", 443, ""},
		{"POST", "live.example.org", "/whip/a", 443, ""},
		{"GET", "live.example.org", "/whep/a", 443, ""},
		{"DELETE", "live.example.org", "/sessions/a", 443, ""},
		{"GET", "live.example.org", "/api/v1/streams", 443, ""},
		{"GET", "live.example.org", "/healthz", 443, ""},
		{"GET", "live.example.org", "/metrics", 443, ""},
		{"GET", "live.example.org", "/", 0, ""},
	} {
		r := httptest.NewRequest(tc.method, "http://"+tc.host+"/", nil)
		u := *r.URL
		u.Path, u.RawQuery = tc.path, ""
		if path, query, ok := cut(tc.path); ok {
			u.Path, u.RawQuery = path, query
		}
		r.URL, r.Host = &u, tc.host
		r.URL.Host, r.URL.Scheme = "", ""
		w := httptest.NewRecorder()
		Plain(Config{Domains: []string{"other.example", "live.example.org"}, Port: tc.port}, http.HandlerFunc(site)).ServeHTTP(w, r)
		want := http.StatusOK
		if tc.want != "" {
			want = http.StatusTemporaryRedirect
		}
		if got := w.Header().Get("Location"); got != tc.want || w.Code != want {
			t.Errorf("%s %s%s: %d %q, want %q", tc.method, tc.host, tc.path, w.Code, got, tc.want)
		}
	}
}

func cut(path string) (string, string, bool) {
	for i := range path {
		if path[i] == '?' {
			return path[:i], path[i+1:], true
		}
	}
	return path, "", false
}

func TestHSTS(t *testing.T) {
	for _, tc := range []struct {
		hsts time.Duration
		want string
	}{{0, ""}, {180 * 24 * time.Hour, "max-age=15552000"}} {
		for _, h := range []struct {
			handler http.Handler
			want    string
		}{
			{Secure(Config{HSTS: tc.hsts}, http.HandlerFunc(site)), tc.want},
			{Plain(Config{HSTS: tc.hsts}, http.HandlerFunc(site)), ""}, // RFC 6797 section 7.2
		} {
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			if got := w.Header().Get("Strict-Transport-Security"); got != h.want {
				t.Errorf("%s: %q, want %q", tc.hsts, got, h.want)
			}
		}
	}
}
