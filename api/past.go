package api

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// pastEvery is between two samples of the overview: a chart of ten minutes has
	// no room for more.
	pastEvery = 2 * time.Second
	// pastSamples are ten minutes, and what memory they take is all that they ever do.
	pastSamples = 300
)

// past are the newest samples of the overview, so that a dashboard that is opened now
// knows how it came to this. The zero value is ready.
type past struct {
	mu      sync.Mutex
	samples []PastSample // as of a ring: the oldest at next, once there are pastSamples
	next    int
	taken   time.Time
}

// due says whether it is time for another sample.
func (p *past) due(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	// A tick comes some milliseconds early as often as late.
	return now.Sub(p.taken) > pastEvery-pulseInterval/2
}

func (p *past) take(s PastSample, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = now
	if len(p.samples) < pastSamples {
		p.samples = append(p.samples, s)
		return
	}
	p.samples[p.next] = s
	p.next = (p.next + 1) % pastSamples
}

// list is all of them, the oldest first.
func (p *past) list() []PastSample {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append(slices.Clone(p.samples[p.next:]), p.samples[:p.next]...)
}

// sample makes one of what the overview says.
func (a *API) sample(now time.Time) {
	if !a.past.due(now) {
		return
	}
	o := a.overview(now)
	a.past.take(PastSample{
		At: now.UTC().Truncate(time.Millisecond), Viewers: o.Viewers, Publishers: o.Publishers,
		BitrateIn: o.BitrateIn, BitrateOut: o.BitrateOut, CPU: o.CPU, Memory: o.Memory, Latency: o.Latency,
	}, now)
}

// GetOverviewHistory is what a dashboard begins its charts with.
func (o operations) GetOverviewHistory(context.Context, GetOverviewHistoryRequestObject) (GetOverviewHistoryResponseObject, error) {
	return GetOverviewHistory200JSONResponse{
		Now: time.Now().UTC().Truncate(time.Millisecond), Every: pastEvery.Seconds(), Samples: append([]PastSample{}, o.past.list()...),
	}, nil
}
