package api

import "github.com/prometheus/client_golang/prometheus"

// Refusals counts sessions that were not let in.
type Refusals struct{ vec *prometheus.CounterVec }

// Refusals adds the counter, with a zero for each kind and reason.
func (m *Metrics) Refusals(kinds []SessionKind, reasons ...string) *Refusals {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "millrace_refused_sessions_total", Help: "Publishers and viewers that were not let in, by reason.",
	}, []string{"role", "protocol", "reason"})
	m.registry.MustRegister(vec)
	for _, k := range kinds {
		for _, reason := range reasons {
			vec.WithLabelValues(string(k.Role), k.Protocol, reason)
		}
	}
	return &Refusals{vec}
}

// Count counts one. There must be few reasons.
func (r *Refusals) Count(k SessionKind, reason string) {
	r.vec.WithLabelValues(string(k.Role), k.Protocol, reason).Inc()
}
