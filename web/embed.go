// Package web is the room of the pages: the front page, the watch page, the publish page, the dashboard, the diagnosis and their assets, and player
// and publisher as modules for other sites, built by Vite and carried inside the binary. The api room mounts Handler;
// nothing else uses it. It must not know streams, sessions or any other room: the pages fetch what they show from the
// API by themselves.
//
// What is built (dist and lib-dist) is part of the repository, so that the binary builds from a clone without npm.
// README.md tells how it is rebuilt, and a test here fails when it is older than its sources.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:dist
var dist embed.FS

//go:embed lib-dist/*.js
var modules embed.FS

//go:embed csp.txt
var contentSecurityPolicy string

const (
	// Names under /assets/ contain a hash of their content: they never change.
	cacheForever = "public, max-age=31536000, immutable"
	// Pages name the assets of their own build: always ask whether there is a newer one (304 if not).
	cacheAsk = "no-cache"
	// The icon has a name without a hash and matters little.
	cacheDay = "public, max-age=86400"
	// publishPage is the only one that may capture.
	publishPage   = "publish.html"
	capturePolicy = "camera=(self), microphone=(self), display-capture=(self), geolocation=()"
	// defaultPolicy is that of all other pages.
	defaultPolicy = "camera=(), microphone=(), display-capture=(), geolocation=()"
	// modulePrefix is where the modules for other sites are.
	modulePrefix = "lib/"
	// Below this compression saves no packet.
	gzipFrom = 1400
)

// file is one file of dist, ready to be sent.
type file struct {
	plain, zipped []byte // zipped is nil where it is no gain
	contentType   string
	cache         string
	etag          string
}

type handler struct {
	files    map[string]file // by path in dist: "index.html", "assets/…"
	notFound file
	policy   string
}

// Handler serves the pages: /, /watch/{stream}, /diagnose/{stream}, /publish/{stream} (/publish asks for a name) and /dashboard with
// /dashboard/{stream}, their assets under /assets/, the modules under /lib/, the icon, and a page that says so for every
// other path. It answers GET and HEAD only. It is safe to be mounted as the router's handler of last resort.
// frames are the sites whose pages may show ours in a frame; "*" stands for all.
// others are the hosts besides this one that the pages may ask, as a Content-Security-Policy has them: the other nodes of a cluster.
func Handler(frames []string, others ...string) http.Handler {
	h := &handler{files: map[string]file{}, policy: contentSecurityPolicy}
	for own, more := range map[string][]string{"connect-src 'self'": others, "frame-ancestors 'self'": frames} {
		if len(more) > 0 {
			h.policy = strings.Replace(h.policy, own, own+" "+strings.Join(more, " "), 1)
		}
	}
	h.load(dist, "dist", "")
	h.load(modules, "lib-dist", modulePrefix)
	h.notFound = h.files["404.html"]
	delete(h.files, "404.html")
	delete(h.files, "source-hash.txt")
	return h
}

// load takes the files of a folder under paths that begin with prefix.
func (h *handler) load(files embed.FS, folder, prefix string) {
	err := fs.WalkDir(files, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		h.files[prefix+strings.TrimPrefix(name, folder+"/")] = newFile(name, content)
		return err
	})
	if err != nil {
		panic(fmt.Sprintf("web: an embedded file cannot be read: %v", err)) // the build is broken, not the world
	}
}

func newFile(name string, content []byte) file {
	sum := sha256.Sum256(content)
	f := file{
		plain:       content,
		contentType: mime.TypeByExtension(path.Ext(name)),
		cache:       cacheDay,
		etag:        `"` + hex.EncodeToString(sum[:12]) + `"`,
	}
	// The system's table of types may know better or worse; these must be right wherever the binary runs.
	switch path.Ext(name) {
	case ".html":
		f.contentType, f.cache = "text/html; charset=utf-8", cacheAsk
	case ".js":
		f.contentType = "text/javascript; charset=utf-8"
	case ".css":
		f.contentType = "text/css; charset=utf-8"
	case ".svg":
		f.contentType = "image/svg+xml"
	}
	switch {
	case strings.HasPrefix(name, "dist/assets/"):
		f.cache = cacheForever
	case strings.HasPrefix(name, "lib-dist/"):
		f.cache = cacheAsk // a name for all versions
	}
	if len(content) >= gzipFrom {
		f.zipped = zip(content)
	}
	return f
}

func zip(content []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // fails for unknown levels only
	_, _ = w.Write(content)                                 // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.setSecurityHeaders(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := distPath(r.URL.Path)
	f, ok := h.files[name]
	if !ok {
		h.notFound.sendNotFound(w, r)
		return
	}
	switch {
	case name == publishPage:
		w.Header().Set("Permissions-Policy", capturePolicy)
	case strings.HasPrefix(name, modulePrefix):
		// For pages of every site: import 'https://gateway/lib/millrace-player.js'.
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	f.send(w, r)
}

// distPath is where the file of a URL's path lies in dist. Pages have no address that ends in .html.
func distPath(urlPath string) string {
	switch {
	case urlPath == "/":
		return "index.html"
	case strings.HasPrefix(urlPath, "/watch/") && urlPath != "/watch/":
		return "watch.html"
	case urlPath == "/publish" || strings.HasPrefix(urlPath, "/publish/"):
		return publishPage
	case strings.HasPrefix(urlPath, "/diagnose/") && urlPath != "/diagnose/":
		return "diagnose.html"
	case urlPath == "/dashboard" || strings.HasPrefix(urlPath, "/dashboard/"):
		return "dashboard.html"
	case strings.HasSuffix(urlPath, ".html"):
		return ""
	}
	return strings.TrimPrefix(urlPath, "/")
}

func (f file) send(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.choose(w, r)))
}

// sendNotFound sends f whole under 404: neither ranges nor "not modified" make sense for it.
func (f file) sendNotFound(w http.ResponseWriter, r *http.Request) {
	content := f.choose(w, r)
	w.Header().Del("ETag")
	w.WriteHeader(http.StatusNotFound)
	if r.Method == http.MethodGet {
		_, _ = w.Write(content) // a client that has left is its own affair
	}
}

// choose sets the headers of f and gives the form of it that the client takes.
func (f file) choose(w http.ResponseWriter, r *http.Request) []byte {
	header := w.Header()
	header.Set("Content-Type", f.contentType)
	header.Set("Cache-Control", f.cache)
	header.Set("ETag", f.etag)
	if f.zipped == nil {
		return f.plain
	}
	header.Add("Vary", "Accept-Encoding")
	if !acceptsGzip(r.Header.Get("Accept-Encoding")) {
		return f.plain
	}
	header.Set("Content-Encoding", "gzip")
	header.Set("ETag", strings.TrimSuffix(f.etag, `"`)+`-gz"`)
	return f.zipped
}

// acceptsGzip reads Accept-Encoding (RFC 9110 12.5.3) as far as clients really write it: "gzip" without a weight of zero.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return strings.Trim(strings.TrimPrefix(strings.TrimSpace(weight), "q="), "0.") != "" || weight == ""
		}
	}
	return false
}

// setSecurityHeaders: scripts, styles and requests of this origin only, no framing by others, no guessing of types.
func (h *handler) setSecurityHeaders(header http.Header) {
	header.Set("Content-Security-Policy", h.policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Permissions-Policy", defaultPolicy)
}
