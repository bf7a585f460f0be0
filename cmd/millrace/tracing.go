package main

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"millrace/api"
	"millrace/cluster/assign"
	"millrace/cmd/millrace/config"
	"millrace/ingest/whip"
	"millrace/playout/whep"
	"millrace/transmux/trace"
)

const (
	// tracesPath is where collectors take traces (OTLP over HTTP), unless the setting
	// has a path.
	tracesPath = "/v1/traces"
	// lastSpans is how long a stop waits for the collector to take what there is.
	lastSpans = time.Second
)

// furnishTracing makes what tells a collector, if there is one.
func (g *gateway) furnishTracing(cfg *config.Tracing, node string, m *api.Metrics) {
	if cfg.Endpoint != "" {
		at := cfg.Endpoint
		if u, err := url.Parse(at); err == nil && strings.Trim(u.Path, "/") == "" {
			at = strings.TrimSuffix(at, "/") + tracesPath
		}
		tracer, err := trace.Open(trace.Config{Endpoint: at, Sample: cfg.Sample, Node: cmp.Or(node, "millrace"), Version: version()}, g.log)
		if err != nil {
			g.log.Error("sessions are not traced", "cause", err)
		}
		g.tracer = tracer
	}
	m.Counter("millrace_trace_spans_total", "Spans that the collector of traces took.",
		func() float64 { return float64(g.tracer.Stats().Sent) })
	m.Counter("millrace_trace_spans_lost_total", "Spans that it did not take.",
		func() float64 { return float64(g.tracer.Stats().Lost) })
	if g.tracer != nil {
		g.afterwards = append(g.afterwards, task{"traces", g.closeTraces})
	}
}

// closeTraces sends the last spans, once everybody has gone.
func (g *gateway) closeTraces(ctx context.Context) error {
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSpans)
	defer cancel()
	return g.tracer.Close(ctx)
}

// spanNames are what requests that begin a session are called, by their paths.
var spanNames = map[string]string{whep.Path: "join", whip.Path: "publish"}

// traced begins a span for every request that begins a session. One that does end
// it is the session's room; all others end here.
func (g *gateway) traced(site http.Handler) http.Handler {
	if g.tracer == nil {
		return site
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, stream := cutPath(r)
		name := spanNames[path]
		if name == "" {
			site.ServeHTTP(w, r)
			return
		}
		parent := cmp.Or(r.URL.Query().Get(assign.TraceQuery), r.Header.Get(assign.TraceQuery))
		ctx, span := g.tracer.Begin(r.Context(), name, parent)
		span.Set("stream", stream)
		span.Set("protocol", strings.Trim(path, "/"))
		span.Set("client.address", r.RemoteAddr)
		answer := &answered{ResponseWriter: w}
		defer func() {
			span.Set("http.response.status_code", strconv.Itoa(answer.status))
			if answer.status != http.StatusCreated {
				span.Stop(nil) // the refusal is its gate's
			}
		}()
		site.ServeHTTP(answer, r.WithContext(ctx))
	})
}

// cutPath is where a session begins, and of which stream; nothing for what begins none.
func cutPath(r *http.Request) (path, stream string) {
	if r.Method != http.MethodPost {
		return "", ""
	}
	for path := range spanNames {
		if stream, ok := strings.CutPrefix(r.URL.Path, path); ok {
			return path, stream
		}
	}
	return "", ""
}

// answered remembers the status of an answer.
type answered struct {
	http.ResponseWriter
	status int
}

// WriteHeader is for http.ResponseWriter.
func (a *answered) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }
