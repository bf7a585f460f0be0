package api

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
)

// httpParts are what of the site requests are counted by: the first that is a
// prefix of their path.
var httpParts = []struct{ prefix, name string }{
	{"/whep/", "whep"}, {"/whip/", "whip"}, {"/sessions/", "sessions"}, {"/api/", "api"}, {"/metrics", "metrics"}, {"/", "pages"},
}

// statusClasses are what answers are counted by, by the first digit of their status.
var statusClasses = []string{"", "1xx", "2xx", "3xx", "4xx", "5xx"}

// Requests counts the answers of the site, by part and status.
func (m *Metrics) Requests(site http.Handler) http.Handler {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "millrace_http_requests_total", Help: "Answers to HTTP requests, by part of the site and class of status; counted when they are whole.",
	}, []string{"part", "status"})
	m.registry.MustRegister(vec)
	counts := make(map[string][]prometheus.Counter, len(httpParts))
	for _, p := range httpParts {
		for _, class := range statusClasses[1:] {
			counts[p.name] = append(counts[p.name], vec.WithLabelValues(p.name, class))
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			status := max(ww.Status(), http.StatusOK) // 0 is an empty answer
			for _, p := range httpParts {
				if class := status/100 - 1; strings.HasPrefix(r.URL.Path, p.prefix) && class < len(counts[p.name]) {
					counts[p.name][class].Inc()
					return
				}
			}
		}()
		site.ServeHTTP(ww, r)
	})
}
