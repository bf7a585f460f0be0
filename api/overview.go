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
	now := time.Now()
	d := Overview{
		Node: o.cfg.Node, Version: o.cfg.Version, Uptime: millis(now.Sub(o.begun)),
		CPU: rounded(o.pulse.cpu()), Memory: memory(), Goroutines: runtime.NumGoroutine(),
		BitrateOut: o.sent(now),
	}
	d.Latency.P50, d.Latency.P99 = o.pulse.latency()
	snaps := o.streams.Streams()
	d.Streams, d.Publishers, d.Viewers = len(snaps), publishers(snaps), viewers(snaps)
	for i := range snaps {
		s := describe(&snaps[i], o.judge, now)
		d.BitrateIn += s.Bitrate
		d.Warnings += len(s.Warnings)
	}
	if o.cfg.Drain != nil {
		d.Draining = o.cfg.Drain.State().Draining
	}
	return GetOverview200JSONResponse(d), nil
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
