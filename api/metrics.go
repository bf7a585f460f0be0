package api

import (
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"millrace/transmux/bus"
)

// Observer takes one measurement, in seconds. Rooms that measure are handed one
// and need not know what becomes of it.
type Observer interface {
	Observe(seconds float64)
}

// Metrics is what /metrics tells. Streams' names are not in it: publishers choose
// them, and each would be a time series for ever. The API has the numbers of
// single streams.
type Metrics struct {
	// Join is from a viewer's request to the first keyframe on its way to it.
	Join Observer
	// AddedLatency is from a frame's last byte off the wire to its last packet
	// on the wire to a viewer.
	AddedLatency Observer

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
	return &Metrics{Join: join, AddedLatency: latency, registry: registry}
}

func (m *Metrics) handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	})
}

// busCollector reads the bus when it is asked, so that nothing is counted twice.
type busCollector struct {
	streams Streams
	gauges  []gauge
	totals  []total
}

// gauge is a number of now, made by going over the streams.
type gauge struct {
	desc  *prometheus.Desc
	value func([]bus.Snapshot) int
}

// total is a counter of the bus.
type total struct {
	desc  *prometheus.Desc
	value func(bus.Totals) uint64
}

func newBusCollector(streams Streams) *busCollector {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	return &busCollector{
		streams: streams,
		gauges: []gauge{
			{desc("millrace_streams", "Streams, those that wait for their publisher included."), func(s []bus.Snapshot) int { return len(s) }},
			{desc("millrace_publishers", "Publishers connected now."), publishers},
			{desc("millrace_viewers", "Viewers watching now."), viewers},
		},
		totals: []total{
			{desc("millrace_publishers_total", "Publishers that ever began."), func(t bus.Totals) uint64 { return t.Publishers }},
			{desc("millrace_viewers_total", "Viewers that ever joined."), func(t bus.Totals) uint64 { return t.Subscribers }},
			{desc("millrace_frames_total", "Frames received, those made by derivation included."), func(t bus.Totals) uint64 { return t.Frames }},
			{desc("millrace_bytes_total", "Bytes of these frames."), func(t bus.Totals) uint64 { return t.Bytes }},
			{desc("millrace_gop_drops_total", "Times that a viewer too far behind was moved on to a newer keyframe."), func(t bus.Totals) uint64 { return t.GOPDrops }},
			{desc("millrace_keyframe_requests_total", "Keyframes asked of publishers."), func(t bus.Totals) uint64 { return t.KeyframeRequests }},
		},
	}
}

// Describe is for prometheus.Collector.
func (c *busCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, g := range c.gauges {
		descs <- g.desc
	}
	for _, t := range c.totals {
		descs <- t.desc
	}
}

// Collect is for prometheus.Collector.
func (c *busCollector) Collect(metrics chan<- prometheus.Metric) {
	snaps, totals := c.streams.Streams(), c.streams.Totals()
	for _, g := range c.gauges {
		metrics <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, float64(g.value(snaps)))
	}
	for _, t := range c.totals {
		metrics <- prometheus.MustNewConstMetric(t.desc, prometheus.CounterValue, float64(t.value(totals)))
	}
}

func publishers(snaps []bus.Snapshot) int {
	n := 0
	for i := range snaps {
		if snaps[i].Live {
			n++
		}
	}
	return n
}

func viewers(snaps []bus.Snapshot) int {
	n := 0
	for i := range snaps {
		n += snaps[i].Viewers
	}
	return n
}
