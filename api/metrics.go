package api

import (
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Observer takes one measurement, in seconds. Rooms that measure are handed one
// and need not know what becomes of it.
type Observer interface {
	Observe(seconds float64)
}

// Metrics is what /metrics tells. Streams' names are not in it unless that is
// wanted (Metrics.Streams): publishers choose them, and each would be a time series
// for ever. The API has the numbers of single streams.
type Metrics struct {
	// Join is from a viewer's request to the first keyframe on its way to it.
	Join Observer
	// AddedLatency is from a frame's last byte off the wire to its last packet
	// on the wire to a viewer.
	AddedLatency Observer
	// Drops counts what was left out, by cause.
	Drops *Family

	registry *prometheus.Registry
}

// NewMetrics makes the metrics of a gateway of that version, reading the bus
// whenever it is scraped.
func NewMetrics(version string, streams Streams) *Metrics {
	join := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "millrace_join_seconds",
		Help:    "From a viewer's request to the first keyframe sent to it.",
		Buckets: []float64{.005, .01, .02, .04, .08, .15, .3, .6, 1, 2, 5, 10},
	})
	latency := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "millrace_added_latency_seconds",
		Help: "From a frame's last byte received to its last packet sent to a viewer.",
		// The promise is half a millisecond; what is above a second is a stall.
		Buckets: []float64{.0001, .0002, .0004, .0006, .001, .002, .004, .008, .016, .05, .2, 1},
	})
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "millrace_build_info", Help: "Always 1; the label has the version.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	registry := prometheus.NewRegistry()
	registry.MustRegister(join, latency, build, newBusCollector(streams),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m := &Metrics{Join: join, AddedLatency: latency, registry: registry}
	m.Drops = m.Family("millrace_drops_total", "Frames, packets and datagrams that were left out, by cause.", "cause")
	m.Drops.Add("viewer_behind", func() uint64 { return streams.Totals().GOPDrops })
	return m
}

// Gauge adds a number of now, read whenever the metrics are asked for. Names must
// be new; a name twice is a mistake in the program, and panics.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// Counter adds a number that only grows; as Gauge.
func (m *Metrics) Counter(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
}

// Counters adds numbers that only grow, told apart by a label; as Gauge. The
// label's values must be few.
func (m *Metrics) Counters(name, help, label string, read func() map[string]uint64) {
	m.registry.MustRegister(&labelled{prometheus.NewDesc(name, help, []string{label}, nil), prometheus.CounterValue, func() map[string]float64 {
		counts := map[string]float64{}
		for value, n := range read() {
			counts[value] = float64(n)
		}
		return counts
	}})
}

// Gauges adds numbers of now, told apart by a label; as Counters.
func (m *Metrics) Gauges(name, help, label string, read func() map[string]float64) {
	m.registry.MustRegister(&labelled{prometheus.NewDesc(name, help, []string{label}, nil), prometheus.GaugeValue, read})
}

// labelled is the collector behind Counters and Gauges.
type labelled struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func() map[string]float64
}

// Describe is for prometheus.Collector.
func (c *labelled) Describe(descs chan<- *prometheus.Desc) { descs <- c.desc }

// Collect is for prometheus.Collector.
func (c *labelled) Collect(metrics chan<- prometheus.Metric) {
	for value, n := range c.read() {
		metrics <- prometheus.MustNewConstMetric(c.desc, c.kind, n, value)
	}
}

func (m *Metrics) handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	})
}
