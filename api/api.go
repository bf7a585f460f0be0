// Package api is the gateway's HTTP face towards programs: which streams there
// are and what is wrong with them, health, and metrics. It also holds the router
// and the HTTP server that the other rooms' handlers are mounted on.
//
// cmd/millrace makes it and serves it. It reads snapshots of the bus and must
// never touch a frame, nor know how a stream comes in or goes out.
package api

import (
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"millrace/transmux/access"
	"millrace/transmux/bus"
)

// Streams is what the room must know of the bus; *bus.Hub is one.
type Streams interface {
	Streams() []bus.Snapshot
	Stream(name string) (bus.Snapshot, bool)
	Totals() bus.Totals
}

// Mount is a room that brings routes of its own.
type Mount interface {
	Routes(r chi.Router)
}

// Config is what the room says about the process it is in.
type Config struct {
	Version string
	Ports   Ports
	Access  *access.Room    // who may look; nil for everybody
	Sources func() []Source // those of the configuration, by name; nil for none
	Cluster func() Cluster  // nil for none
	Tree    Trees           // nil for none
	Drain   Drainer         // nil for none
	// Diagnosis is nil for none.
	Diagnosis Diagnoser
	// Configuration is nil for none.
	Configuration Configuration
}

// API answers the gateway's HTTP requests.
type API struct {
	cfg     Config
	streams Streams
	judge   Judge
	metrics *Metrics
	log     *slog.Logger
	ready   atomic.Bool
}

// New makes the room. It is not ready (/readyz gives 503) until SetReady.
func New(cfg Config, streams Streams, judge Judge, metrics *Metrics, log *slog.Logger) *API {
	return &API{cfg: cfg, streams: streams, judge: judge, metrics: metrics, log: log}
}

// SetReady says whether the gateway takes publishers and viewers now.
func (a *API) SetReady(ready bool) { a.ready.Store(ready) }

// Handler is the whole site: this room's routes, those of the mounts, and the
// pages for every GET that nobody else answers.
func (a *API) Handler(pages http.Handler, mounts ...Mount) http.Handler {
	r := chi.NewRouter()
	r.Use(a.identify, a.recover, nosniff, middleware.GetHead)
	r.NotFound(notFound)
	r.MethodNotAllowed(methodNotAllowed)
	r.Route("/api", func(r chi.Router) {
		r.Use(crossOrigin, a.guard)
		r.Get("/v1/streams", a.listStreams)
		r.Get(streamPath+"*", a.oneStream)
		r.Get("/v1/server", a.server)
		r.Get("/v1/cluster", a.cluster)
		r.Get(treePath+"*", a.oneTree)
		r.Post("/v1/drain", a.drain)
		r.Get("/v1/drain", a.drained)
		r.Get("/v1/config", a.getConfig)
		r.Put("/v1/config", a.putConfig)
		r.Get("/v1/sources", a.listSources)
		r.Get(sourcePath+"*", a.oneSource)
	})
	r.Get("/healthz", healthz)
	r.Get("/readyz", a.readyz)
	r.With(a.guard).Method(http.MethodGet, "/metrics", a.metrics.handler(a.log))
	for _, m := range mounts {
		m.Routes(r)
	}
	if pages != nil {
		r.Method(http.MethodGet, "/*", pages)
	}
	return r
}
