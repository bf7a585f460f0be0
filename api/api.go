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
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"millrace/transmux/access"
	"millrace/transmux/bus"
	"millrace/transmux/journal"
	"millrace/transmux/ledger"
	"millrace/transmux/origin"
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
	Origins origin.List     // whose pages may ask; none means all
	Sources func() []Source // those of the configuration, by name; nil for none
	Cluster func() Cluster  // nil for none
	Tree    Trees           // nil for none
	Drain   Drainer         // nil for none
	Node    string          // this one's id
	Process string          // this start of it; see ProcessHeader
	Ledger  *ledger.Ledger  // who is here; nil for nobody
	Journal *journal.Journal
	Hooks   func() []Hook // those of the configuration; nil for none
	// Pictures is nil for none.
	Pictures RecentPictures
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
	begun   time.Time

	rates     rates
	pulse     pulse
	past      past
	followers followers
}

// New makes the room. It is not ready (/readyz gives 503) until SetReady.
func New(cfg Config, streams Streams, judge Judge, metrics *Metrics, log *slog.Logger) *API {
	a := &API{cfg: cfg, streams: streams, judge: judge, metrics: metrics, log: log, begun: time.Now()}
	a.pulse.latencies = metrics.AddedLatency
	metrics.Gauge("millrace_event_followers", "Clients that follow the API's stream of events.", func() float64 { return float64(a.followers.now.Load()) })
	metrics.Counter("millrace_event_followers_refused_total", "Clients that wanted to and were one too many.", func() float64 { return float64(a.followers.refused.Load()) })
	return a
}

// SetReady says whether the gateway takes publishers and viewers now.
func (a *API) SetReady(ready bool) { a.ready.Store(ready) }

// Handler is the whole site: this room's routes, those of the mounts, and the
// pages for every GET that nobody else answers.
func (a *API) Handler(pages http.Handler, mounts ...Mount) http.Handler {
	r := chi.NewRouter()
	r.Use(a.identify, a.recover, nosniff, a.spell, middleware.GetHead)
	r.NotFound(notFound)
	r.MethodNotAllowed(methodNotAllowed)
	r.Route("/api", func(r chi.Router) {
		r.Use(a.crossOrigin, a.guard)
		describeItself(r)
		a.routes(r)
	})
	r.Get("/healthz", a.healthz)
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
