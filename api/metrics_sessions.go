package api

import (
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"millrace/transmux/ledger"
)

// SessionKind is what sessions are counted by. There are few: protocols are the rooms'.
type SessionKind struct {
	Role     ledger.Role
	Protocol string
}

func (k SessionKind) labels() []string { return []string{string(k.Role), k.Protocol} }

var (
	kindLabels       = []string{"role", "protocol"}
	sessionsDesc     = prometheus.NewDesc("millrace_sessions", "Publishers and viewers now.", kindLabels, nil)
	sessionSumsDescs = []sessionSum{
		{prometheus.NewDesc("millrace_sessions_total", "Publishers and viewers that ever came.", kindLabels, nil), func(s *sessionSums) uint64 { return s.opened }},
		{prometheus.NewDesc("millrace_session_bytes_total", "Media received from publishers, and sent to viewers.", kindLabels, nil), func(s *sessionSums) uint64 { return s.bytes }},
		{prometheus.NewDesc("millrace_session_packets_total", "Its packets, or messages where there are no packets.", kindLabels, nil), func(s *sessionSums) uint64 { return s.packets }},
		{prometheus.NewDesc("millrace_session_lost_packets_total", "Packets lost, as the receiving end tells.", kindLabels, nil), func(s *sessionSums) uint64 { return s.lost }},
		{prometheus.NewDesc("millrace_session_resent_packets_total", "Packets sent again.", kindLabels, nil), func(s *sessionSums) uint64 { return s.resent }},
		{prometheus.NewDesc("millrace_session_keyframe_requests_total", "Keyframes asked of publishers, and by viewers.", kindLabels, nil), func(s *sessionSums) uint64 { return s.keyframes }},
		{prometheus.NewDesc("millrace_session_skips_total", "Times that a viewer too far behind was moved on to a newer keyframe.", kindLabels, nil), func(s *sessionSums) uint64 { return s.skipped }},
	}
	// From a page that was opened by mistake to a channel that never ends.
	durationBounds = []float64{1, 10, 60, 300, 1800, 3600, 4 * 3600, 24 * 3600}
)

type sessionSum struct {
	desc  *prometheus.Desc
	value func(*sessionSums) uint64
}

// sessionSums are the totals of one kind.
type sessionSums struct {
	now                                                      int
	opened, bytes, packets, lost, resent, keyframes, skipped uint64
}

func (s *sessionSums) add(n ledger.Numbers) {
	s.bytes += n.Bytes
	s.packets += n.Packets
	s.lost += n.Lost
	s.resent += n.Resent
	s.keyframes += n.Keyframes
	s.skipped += n.Skipped
}

// least keeps what only grows from shrinking: a session may count a packet more
// after its last numbers were read.
func (s *sessionSums) least(before sessionSums) {
	s.bytes, s.packets = max(s.bytes, before.bytes), max(s.packets, before.packets)
	s.lost, s.resent = max(s.lost, before.lost), max(s.resent, before.resent)
	s.keyframes, s.skipped = max(s.keyframes, before.keyframes), max(s.skipped, before.skipped)
}

// SessionMetrics counts publishers and viewers by protocol. It watches a ledger.
type SessionMetrics struct {
	durations *prometheus.HistogramVec

	mu   sync.Mutex
	here map[*ledger.Session]struct{}
	gone map[SessionKind]sessionSums // of those that left; opened is of all
	told map[SessionKind]sessionSums // the last time
}

// Sessions adds the numbers of sessions. Those kinds are there from the beginning,
// so that their rates have a zero to rise from.
func (m *Metrics) Sessions(kinds ...SessionKind) *SessionMetrics {
	s := &SessionMetrics{
		here: map[*ledger.Session]struct{}{}, gone: map[SessionKind]sessionSums{}, told: map[SessionKind]sessionSums{},
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "millrace_session_duration_seconds", Help: "Of publishers and viewers that left.", Buckets: durationBounds,
		}, kindLabels),
	}
	for _, k := range kinds {
		s.gone[k] = sessionSums{}
		s.durations.WithLabelValues(k.labels()...)
	}
	m.registry.MustRegister(s, s.durations)
	return s
}

// Entered is ledger.Watcher's.
func (s *SessionMetrics) Entered(one *ledger.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.here[one] = struct{}{}
	k := SessionKind{one.Role, one.Protocol}
	sums := s.gone[k]
	sums.opened++
	s.gone[k] = sums
}

// Left is ledger.Watcher's.
func (s *SessionMetrics) Left(one *ledger.Session) {
	var n ledger.Numbers
	if one.Numbers != nil {
		n = one.Numbers()
	}
	k := SessionKind{one.Role, one.Protocol}
	s.durations.WithLabelValues(k.labels()...).Observe(time.Since(one.Since).Seconds())
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.here, one)
	sums := s.gone[k]
	sums.add(n)
	s.gone[k] = sums
}

// sums are the totals now, those of who is here included.
func (s *SessionMetrics) sums() map[SessionKind]sessionSums {
	s.mu.Lock()
	all := maps.Clone(s.gone)
	here := make([]*ledger.Session, 0, len(s.here))
	for one := range s.here {
		here = append(here, one)
	}
	s.mu.Unlock()
	for _, one := range here { // without the lock: a room's own may be held by one that leaves
		k := SessionKind{one.Role, one.Protocol}
		sums := all[k]
		sums.now++
		if one.Numbers != nil {
			sums.add(one.Numbers())
		}
		all[k] = sums
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, sums := range all {
		sums.least(s.told[k])
		all[k], s.told[k] = sums, sums
	}
	return all
}

// Describe is for prometheus.Collector.
func (s *SessionMetrics) Describe(descs chan<- *prometheus.Desc) {
	descs <- sessionsDesc
	for _, d := range sessionSumsDescs {
		descs <- d.desc
	}
}

// Collect is for prometheus.Collector.
func (s *SessionMetrics) Collect(metrics chan<- prometheus.Metric) {
	for k, sums := range s.sums() {
		metrics <- prometheus.MustNewConstMetric(sessionsDesc, prometheus.GaugeValue, float64(sums.now), k.labels()...)
		for _, d := range sessionSumsDescs {
			metrics <- prometheus.MustNewConstMetric(d.desc, prometheus.CounterValue, float64(d.value(&sums)), k.labels()...)
		}
	}
}
