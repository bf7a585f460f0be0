package config

import "millrace/api"

// Metrics is what /metrics tells beyond what it always tells.
type Metrics struct {
	PerStream  bool // series for single streams
	MaxStreams int  // that have some of their own
}

func (c *Metrics) defaults() { c.MaxStreams = api.DefaultNamedStreams }

func (c *Metrics) settings() []setting {
	return []setting{
		{"metrics.per_stream", boolean(&c.PerStream)},
		{"metrics.max_streams", count(&c.MaxStreams, 1, 10_000)},
	}
}
