package api

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

const (
	pulseInterval = time.Second
	// pulseSpan is what the overview's figures are over: long enough to be calm, short
	// enough to see what one does.
	pulseSpan = 10
)

// pulse looks every second at what can only be counted, so that the overview can
// say how it went over the last ten.
type pulse struct {
	latencies Observer

	mu    sync.Mutex
	beats []beat // the newest last
}

type beat struct {
	at      time.Time
	cpu     time.Duration // that the process has used
	buckets []bucket      // of the added latency, cumulative
}

type bucket struct {
	upTo  float64 // seconds
	count uint64
}

// Watch looks until ctx ends.
func (a *API) Watch(ctx context.Context) error {
	ticks := time.NewTicker(pulseInterval)
	defer ticks.Stop()
	for {
		a.pulse.beat()
		a.sample(time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

func (p *pulse) beat() {
	b := beat{at: time.Now(), cpu: cpuTime(), buckets: buckets(p.latencies)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.beats) > pulseSpan {
		p.beats = append(p.beats[:0], p.beats[1:]...)
	}
	p.beats = append(p.beats, b)
}

// span is the oldest and the newest look; false before there are two.
func (p *pulse) span() (from, to beat, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.beats) < 2 {
		return beat{}, beat{}, false
	}
	return p.beats[0], p.beats[len(p.beats)-1], true
}

// cpu is how many cores were busy with this process.
func (p *pulse) cpu() float64 {
	from, to, ok := p.span()
	if !ok || !to.at.After(from.at) {
		return 0
	}
	return max(0, (to.cpu-from.cpu).Seconds()/to.at.Sub(from.at).Seconds())
}

// latency is in seconds; 0 where nothing was sent.
func (p *pulse) latency() (p50, p99 float64) {
	from, to, ok := p.span()
	if !ok || len(from.buckets) != len(to.buckets) {
		return 0, 0
	}
	window := make([]bucket, len(to.buckets))
	for i := range to.buckets {
		window[i] = bucket{to.buckets[i].upTo, to.buckets[i].count - from.buckets[i].count}
	}
	return quantile(window, .5), quantile(window, .99)
}

// quantile lies between a bucket's ends as far as its rank does, as Prometheus has it.
func quantile(window []bucket, q float64) float64 {
	if len(window) == 0 || window[len(window)-1].count == 0 {
		return 0
	}
	rank := q * float64(window[len(window)-1].count)
	var below bucket
	for _, b := range window {
		if float64(b.count) >= rank {
			return micros(below.upTo + (b.upTo-below.upTo)*(rank-float64(below.count))/float64(b.count-below.count))
		}
		below = b
	}
	return micros(below.upTo)
}

// buckets reads a histogram, none if it is something else. What is above the last
// bound counts as being there.
func buckets(o Observer) []bucket {
	metric, ok := o.(prometheus.Metric)
	var read dto.Metric
	if !ok || metric.Write(&read) != nil || read.Histogram == nil {
		return nil
	}
	all := read.Histogram.Bucket
	list := make([]bucket, 0, len(all)+1)
	for _, b := range all {
		list = append(list, bucket{b.GetUpperBound(), b.GetCumulativeCount()})
	}
	if n := len(list); n > 0 {
		list = append(list, bucket{list[n-1].upTo, read.Histogram.GetSampleCount()})
	}
	return list
}
