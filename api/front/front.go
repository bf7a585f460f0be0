// Package front is what stands before the whole site: it finds out who a request is from
// when it came through proxies, leads pages from HTTP to HTTPS, and says how long
// browsers shall remember to come that way.
//
// cmd/millrace puts it around the site. It must not know what the site answers.
package front

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is what the operator set.
type Config struct {
	Proxies Proxies
	// Domains are the names that pages are to be asked for by HTTPS; empty for none.
	Domains []string
	// Port is HTTPS's.
	Port int
	// HSTS is how long browsers shall come by HTTPS only, RFC 6797; 0 does not say.
	HSTS time.Duration
}

// Plain is the site over HTTP.
func Plain(cfg Config, site http.Handler) http.Handler {
	if len(cfg.Domains) > 0 && cfg.Port > 0 {
		site = redirecting(cfg, site)
	}
	return cfg.Proxies.Handler(site)
}

// Secure is the site over HTTPS.
func Secure(cfg Config, site http.Handler) http.Handler {
	next := cfg.Proxies.Handler(site)
	if cfg.HSTS <= 0 {
		return next
	}
	value := "max-age=" + strconv.Itoa(int(cfg.HSTS/time.Second))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", value)
		next.ServeHTTP(w, r)
	})
}

// redirecting leads to HTTPS who asks for a page by one of the domains. The API, WHIP and
// WHEP answer where they are asked: a program that follows loses its credential on the
// way, since that has been sent in the clear already, and health is asked by machines.
func redirecting(cfg Config, site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostname(r.Host)
		if r.Method != http.MethodGet && r.Method != http.MethodHead || !page(r.URL.Path) ||
			!slices.ContainsFunc(cfg.Domains, func(d string) bool { return strings.EqualFold(d, host) }) {
			site.ServeHTTP(w, r)
			return
		}
		if cfg.Port != 443 {
			host = net.JoinHostPort(host, strconv.Itoa(cfg.Port))
		}
		// Not for ever: what HTTPS is for can be taken back.
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	})
}

// programs are the paths that people's browsers do not ask for by themselves.
var programs = []string{"/api/", "/whip/", "/whep/", "/sessions/", "/healthz", "/readyz", "/metrics", "/.well-known/"}

func page(path string) bool {
	return !slices.ContainsFunc(programs, func(p string) bool { return path == p || strings.HasPrefix(path, strings.TrimSuffix(p, "/")+"/") })
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}
