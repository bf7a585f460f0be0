package api

import "github.com/prometheus/client_golang/prometheus"

// Histogram adds one that its Observer fills, with these upper bounds; as Gauge.
func (m *Metrics) Histogram(name, help string, bounds []float64) Observer {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds})
	m.registry.MustRegister(h)
	return h
}

// Histograms adds some that are told apart by a label, with an Observer for each of
// its values; as Histogram.
func (m *Metrics) Histograms(name, help, label string, bounds []float64, values ...string) map[string]Observer {
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds}, []string{label})
	m.registry.MustRegister(vec)
	all := make(map[string]Observer, len(values))
	for _, v := range values {
		all[v] = vec.WithLabelValues(v)
	}
	return all
}
