package api

import (
	"context"
	"math"
	"runtime"
	"time"

	"millrace/transmux/ledger"
)

// GetOverview is what a dashboard asks for every second.
func (o operations) GetOverview(context.Context, GetOverviewRequestObject) (GetOverviewResponseObject, error) {
	return GetOverview200JSONResponse(o.overview(time.Now())), nil
}

// overview is how the node is doing at that time.
func (a *API) overview(now time.Time) Overview {
	d := Overview{
		Node: a.cfg.Node, Version: a.cfg.Version, Uptime: millis(now.Sub(a.begun)),
		CPU: rounded(a.pulse.cpu()), Memory: memory(), Goroutines: runtime.NumGoroutine(),
		BitrateOut: a.sent(now),
	}
	d.Latency.P50, d.Latency.P99 = a.pulse.latency()
	snaps := a.streams.Streams()
	d.Streams, d.Publishers, d.Viewers = len(snaps), publishers(snaps), viewers(snaps)
	for i := range snaps {
		s := describe(&snaps[i], a.judge, now)
		d.BitrateIn += s.Bitrate
		d.Warnings += len(s.Warnings)
	}
	if a.cfg.Drain != nil {
		d.Draining = a.cfg.Drain.State().Draining
	}
	return d
}

// sent is the sum of what the viewers are sent, in bits a second.
func (a *API) sent(now time.Time) int64 {
	var sum float64
	all := a.cfg.Ledger.Sessions()
	for i := range all {
		if s := &all[i]; s.Role == ledger.Viewer && s.Numbers != nil {
			sum += a.rates.of(s.ID, s.Numbers(), s.Since, now)
		}
	}
	return int64(math.Round(sum))
}
