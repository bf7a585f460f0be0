package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"millrace/transmux/bus"
)

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
