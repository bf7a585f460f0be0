package api

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// DefaultNamedStreams bounds the streams that have series of their own: some ten
// series each, which is what a Prometheus of a small machine takes from many nodes.
const DefaultNamedStreams = 100

// otherStreams is what those beyond the bound are called together. A stream may be
// called so too, and is then one of them.
const otherStreams = "other"

// StreamMetrics says what /metrics tells of the streams beyond their number.
type StreamMetrics struct {
	Judge               Judge
	MaxFrames, MaxBytes int // of each stream's ring
	// Named is how many streams have series of their own; 0 is none.
	Named int
}

// Streams adds what the streams are like: their rings, their warnings, and single
// ones by name if that is wanted.
func (m *Metrics) Streams(cfg StreamMetrics, streams Streams) {
	m.registry.MustRegister(&streamCollector{cfg: cfg, streams: streams, named: map[string]bool{}})
}

var (
	ringBytesDesc  = prometheus.NewDesc("millrace_ring_bytes", "Memory of all streams' rings.", nil, nil)
	ringFramesDesc = prometheus.NewDesc("millrace_ring_frames", "Frames in all streams' rings.", nil, nil)
	ringFullDesc   = prometheus.NewDesc("millrace_ring_fullest_ratio", "How full the fullest stream's ring is, by what bounds it: 1 is full.", []string{"limit"}, nil)
	warningsDesc   = prometheus.NewDesc("millrace_warnings", "Streams that have this warning now.", []string{"code"}, nil)

	streamLabel = []string{"stream"}
	perStream   = []streamGauge{
		{prometheus.NewDesc("millrace_stream_live", "1 while somebody publishes the stream.", streamLabel, nil), func(s *streamSum) float64 { return s.live }},
		{prometheus.NewDesc("millrace_stream_viewers", "Viewers of the stream now.", streamLabel, nil), func(s *streamSum) float64 { return s.viewers }},
		{prometheus.NewDesc("millrace_stream_bytes_per_second", "What its publisher sends, over the last seconds.", streamLabel, nil), func(s *streamSum) float64 { return s.bytes }},
		{prometheus.NewDesc("millrace_stream_pictures_per_second", "Pictures that its publisher sends, over the last seconds.", streamLabel, nil), func(s *streamSum) float64 { return s.pictures }},
		{prometheus.NewDesc("millrace_stream_keyframe_interval_seconds", "Between its keyframes; 0 while unknown.", streamLabel, nil), func(s *streamSum) float64 { return s.interval }},
		{prometheus.NewDesc("millrace_stream_ring_bytes", "Memory of its ring.", streamLabel, nil), func(s *streamSum) float64 { return s.ring }},
		{prometheus.NewDesc("millrace_stream_warnings", "Warnings that it has now.", streamLabel, nil), func(s *streamSum) float64 { return s.warnings }},
	}
)

type streamGauge struct {
	desc  *prometheus.Desc
	value func(*streamSum) float64
}

// streamSum is what one stream adds, or several that have one name together: sums,
// but for the interval, which is the longest.
type streamSum struct{ live, viewers, bytes, pictures, interval, ring, warnings float64 }

type streamCollector struct {
	cfg     StreamMetrics
	streams Streams

	mu    sync.Mutex
	named map[string]bool // the streams that have series of their own
}

// Describe is for prometheus.Collector.
func (c *streamCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{ringBytesDesc, ringFramesDesc, ringFullDesc, warningsDesc} {
		descs <- d
	}
	if c.cfg.Named > 0 {
		for _, g := range perStream {
			descs <- g.desc
		}
	}
}

// Collect is for prometheus.Collector.
func (c *streamCollector) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	snaps := c.streams.Streams()
	now := time.Now()
	var bytes, frames, fullBytes, fullFrames float64
	warnings := make(map[string]int, len(warningCodes))
	sums := make(map[string]*streamSum, len(snaps))
	names := c.names(snaps)
	for i := range snaps {
		s := &snaps[i]
		bytes += float64(s.RingBytes)
		frames += float64(s.RingFrames)
		fullBytes = max(fullBytes, float64(s.RingBytes)/float64(max(c.cfg.MaxBytes, 1)))
		fullFrames = max(fullFrames, float64(s.RingFrames)/float64(max(c.cfg.MaxFrames, 1)))
		list := Warnings(s, c.cfg.Judge, now)
		for _, w := range list {
			warnings[w.Code]++
		}
		if c.cfg.Named > 0 {
			addTo(sums, names[i], s, len(list))
		}
	}
	gauge(ringBytesDesc, bytes)
	gauge(ringFramesDesc, frames)
	gauge(ringFullDesc, fullBytes, "bytes")
	gauge(ringFullDesc, fullFrames, "frames")
	for _, code := range warningCodes {
		gauge(warningsDesc, float64(warnings[code]), code)
	}
	for name, sum := range sums {
		for _, g := range perStream {
			gauge(g.desc, g.value(sum), name)
		}
	}
}

// names are what the streams are called. One that has a name keeps it until it
// ends: a name that came and went with the number of viewers would be a hole in
// every graph.
func (c *streamCollector) names(snaps []bus.Snapshot) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	there := make(map[string]bool, len(snaps))
	for i := range snaps {
		there[snaps[i].Name] = true
	}
	for name := range c.named {
		if !there[name] {
			delete(c.named, name)
		}
	}
	names := make([]string, len(snaps))
	for i := range snaps {
		name := snaps[i].Name
		if !c.named[name] && len(c.named) < c.cfg.Named {
			c.named[name] = true
		}
		if names[i] = otherStreams; c.named[name] {
			names[i] = name
		}
	}
	return names
}

func addTo(sums map[string]*streamSum, name string, s *bus.Snapshot, warnings int) {
	sum := sums[name]
	if sum == nil {
		sum = &streamSum{}
		sums[name] = sum
	}
	if s.Live {
		sum.live++
	}
	sum.viewers += float64(s.Viewers)
	sum.ring += float64(s.RingBytes)
	sum.warnings += float64(warnings)
	for i := range s.Tracks {
		t := &s.Tracks[i]
		if t.Track.DerivedFrom != 0 {
			continue
		}
		sum.bytes += t.Bitrate / 8
		if t.Track.Kind == av.Video {
			sum.pictures += t.FrameRate
			sum.interval = max(sum.interval, t.KeyframeInterval.Seconds())
		}
	}
}
