package web

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func get(t *testing.T, target string, headers ...string) *http.Response {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	Handler(nil).ServeHTTP(recorder, request)
	return recorder.Result()
}

func body(t *testing.T, response *http.Response) string {
	t.Helper()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestPaths(t *testing.T) {
	tests := map[string]struct {
		path   string
		status int
		cache  string
		has    string
	}{
		"front page":         {"/", 200, cacheAsk, `id="streams"`},
		"watch page":         {"/watch/live/demo", 200, cacheAsk, `id="player"`},
		"watch page, short":  {"/watch/x", 200, cacheAsk, `id="player"`},
		"name like a file":   {"/watch/live/demo.html", 200, cacheAsk, `id="player"`},
		"publish page":       {"/publish/live/demo", 200, cacheAsk, `id="stage"`},
		"publish, no name":   {"/publish", 200, cacheAsk, `id="stage"`},
		"publish, slash":     {"/publish/", 200, cacheAsk, `id="stage"`},
		"dashboard":          {"/dashboard", 200, cacheAsk, `id="dashboard"`},
		"dashboard, stream":  {"/dashboard/live/demo", 200, cacheAsk, `id="dashboard"`},
		"diagnosis":          {"/diagnose/live/demo", 200, cacheAsk, `id="diagnose"`},
		"diagnosis of none":  {"/diagnose/", 404, cacheAsk, "no such page"},
		"dashboards":         {"/dashboards", 404, cacheAsk, "no such page"},
		"publisher":          {"/publisher", 404, cacheAsk, "no such page"},
		"player module":      {"/lib/millrace-player.js", 200, cacheAsk, "millrace-player"},
		"publisher module":   {"/lib/millrace-publisher.js", 200, cacheAsk, "application/sdp"},
		"types":              {"/lib/millrace-player.d.ts", 404, cacheAsk, "no such page"},
		"lib by its folder":  {"/lib-dist/millrace-player.js", 404, cacheAsk, "no such page"},
		"icon":               {"/favicon.svg", 200, cacheDay, "<svg"},
		"watch without name": {"/watch/", 404, cacheAsk, "no such page"},
		"no such page":       {"/nothing", 404, cacheAsk, "no such page"},
		"no such asset":      {"/assets/old-123.js", 404, cacheAsk, "no such page"},
		"page by its file":   {"/watch.html", 404, cacheAsk, "no such page"},
		"the hash":           {"/source-hash.txt", 404, cacheAsk, "no such page"},
		"out of dist":        {"/../embed.go", 404, cacheAsk, "no such page"},
		"a folder":           {"/assets/", 404, cacheAsk, "no such page"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			response := get(t, tt.path)
			if response.StatusCode != tt.status {
				t.Errorf("status %d, want %d", response.StatusCode, tt.status)
			}
			if got := response.Header.Get("Cache-Control"); got != tt.cache {
				t.Errorf("Cache-Control %q, want %q", got, tt.cache)
			}
			if !strings.Contains(body(t, response), tt.has) {
				t.Errorf("body lacks %q", tt.has)
			}
		})
	}
}

var reference = regexp.MustCompile(`(?:src|href)="(/[^"]*)"`)

// Every address in the pages is of this host and leads somewhere; assets are kept for ever.
func TestPagesReferToWhatIsThere(t *testing.T) {
	for _, page := range []string{"/", "/watch/live/demo", "/publish/live/demo", "/dashboard", "/diagnose/live/demo", "/nothing"} {
		html := body(t, get(t, page))
		if strings.Contains(strings.ReplaceAll(html, "http://www.w3.org/2000/svg", ""), "//") {
			t.Errorf("%s names another host", page)
		}
		for _, match := range reference.FindAllStringSubmatch(html, -1) {
			response := get(t, match[1])
			if response.StatusCode != http.StatusOK {
				t.Errorf("%s refers to %s: status %d", page, match[1], response.StatusCode)
			}
			isAsset := strings.HasPrefix(match[1], "/assets/")
			if got := response.Header.Get("Cache-Control"); isAsset && got != cacheForever {
				t.Errorf("%s: Cache-Control %q", match[1], got)
			}
			contentType := response.Header.Get("Content-Type")
			if strings.HasSuffix(match[1], ".js") && contentType != "text/javascript; charset=utf-8" {
				t.Errorf("%s: Content-Type %q", match[1], contentType)
			}
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	for _, path := range []string{"/", "/nothing"} {
		header := get(t, path).Header
		policy := header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'self'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy lacks %q", path, want)
			}
		}
		if strings.ContainsAny(policy, "\r\n") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Referrer-Policy") == "" {
			t.Errorf("%s: headers %v", path, header)
		}
	}
}

// Modules are for pages of every site, everything else is for our own.
func TestModulesForOtherSites(t *testing.T) {
	header := get(t, "/lib/millrace-player.js").Header
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":  "*",
		"Cross-Origin-Resource-Policy": "cross-origin",
		"Content-Type":                 "text/javascript; charset=utf-8",
		"X-Content-Type-Options":       "nosniff",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	if got := get(t, "/").Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("a page may be read by other sites: %q", got)
	}
}

// Only the publish page may ask for camera, microphone and screen.
func TestCapturePolicy(t *testing.T) {
	for path, may := range map[string]bool{
		"/": false, "/watch/live/demo": false, "/nothing": false, "/publish": true, "/publish/live/demo": true,
	} {
		policy := get(t, path).Header.Get("Permissions-Policy")
		for _, what := range []string{"camera", "microphone", "display-capture"} {
			want := what + "=()"
			if may {
				want = what + "=(self)"
			}
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q lacks %q", path, policy, want)
			}
		}
	}
}

func TestGzip(t *testing.T) {
	plain := get(t, "/")
	zipped := get(t, "/", "Accept-Encoding", "br, gzip;q=0.8")
	if got := zipped.Header.Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("Content-Encoding %q", got)
	}
	if plain.Header.Get("Vary") != "Accept-Encoding" || plain.Header.Get("ETag") == zipped.Header.Get("ETag") {
		t.Errorf("caches cannot tell the forms apart: %v, %v", plain.Header, zipped.Header)
	}
	reader, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(body(t, plain), string(content)); diff != "" {
		t.Error(diff)
	}
	for header, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "gzip;q=0": false, "gzip; q=0.000": false, "gzip;q=1": true,
		"br": false, "deflate, gzip": true, "x-gzip": false,
	} {
		if acceptsGzip(header) != want {
			t.Errorf("acceptsGzip(%q) = %v", header, !want)
		}
	}
}

func TestUnchangedPageIsNotSentAgain(t *testing.T) {
	for _, encoding := range []string{"", "gzip"} {
		etag := get(t, "/", "Accept-Encoding", encoding).Header.Get("ETag")
		again := get(t, "/", "Accept-Encoding", encoding, "If-None-Match", etag)
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("encoding %q: status %d", encoding, again.StatusCode)
		}
	}
}

func TestMethods(t *testing.T) {
	recorder := httptest.NewRecorder()
	Handler(nil).ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/", nil))
	if recorder.Code != http.StatusMethodNotAllowed || recorder.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", recorder.Code, recorder.Header().Get("Allow"))
	}
	for _, path := range []string{"/", "/nothing"} {
		recorder = httptest.NewRecorder()
		Handler(nil).ServeHTTP(recorder, httptest.NewRequest(http.MethodHead, path, nil))
		if recorder.Body.Len() != 0 {
			t.Errorf("HEAD %s has a body", path)
		}
	}
}

// sources is what the pages are made of; source-hash.mjs has the same list and the same rule.
var sources = []string{
	"404.html", "dashboard.html", "diagnose.html", "index.html", "publish.html", "watch.html", "vite.config.mjs", "build-lib.mjs", "tsconfig.json",
	"tsconfig.lib.json", "package-lock.json", "public", "src",
}

var notBuilt = regexp.MustCompile(`\.(test|fake)\.ts$`)

// dist carries the hash of the sources it was built from.
func TestDistIsUpToDate(t *testing.T) {
	var files []string
	for _, source := range sources {
		err := filepath.WalkDir(source, func(name string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && !notBuilt.MatchString(name) {
				files = append(files, filepath.ToSlash(name))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(files)
	hash := sha256.New()
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		hash.Write([]byte(name + "\n"))
		hash.Write(content)
	}
	built, err := dist.ReadFile("dist/source-hash.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != strings.TrimSpace(string(built)) {
		t.Errorf("dist was built from other sources (%s) than these (%s): run `npm ci && npm run build` in web",
			strings.TrimSpace(string(built)), got)
	}
}

// TestOtherNodes: the pages may ask the other nodes of a cluster, and nobody else's
// may where there is none.
func TestOtherNodes(t *testing.T) {
	for want, h := range map[string]http.Handler{
		"connect-src 'self';": Handler(nil), "connect-src 'self' http: https:;": Handler(nil, "http:", "https:"),
		"frame-ancestors 'self';": Handler(nil), "frame-ancestors 'self' https://a.example *;": Handler([]string{"https://a.example", "*"}),
	} {
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
		if policy := recorder.Header().Get("Content-Security-Policy"); !strings.Contains(policy, want) {
			t.Errorf("%s is not in %s", want, policy)
		}
	}
}
