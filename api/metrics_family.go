package api

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Family is one counter to which several rooms add, each under a label's value of
// its own.
type Family struct {
	desc *prometheus.Desc

	mu    sync.Mutex
	parts map[string][]func() uint64
}

// Family adds one; as Metrics.Counters.
func (m *Metrics) Family(name, help, label string) *Family {
	f := &Family{desc: prometheus.NewDesc(name, help, []string{label}, nil), parts: map[string][]func() uint64{}}
	m.registry.MustRegister(f)
	return f
}

// Add adds a part. Those of one value are added up.
func (f *Family) Add(value string, read func() uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.parts[value] = append(f.parts[value], read)
}

// Describe is for prometheus.Collector.
func (f *Family) Describe(descs chan<- *prometheus.Desc) { descs <- f.desc }

// Collect is for prometheus.Collector.
func (f *Family) Collect(metrics chan<- prometheus.Metric) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for value, parts := range f.parts {
		var n uint64
		for _, read := range parts {
			n += read()
		}
		metrics <- prometheus.MustNewConstMetric(f.desc, prometheus.CounterValue, float64(n), value)
	}
}
