package trace

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// complainEvery bounds the lines of a collector that does not answer.
const complainEvery = time.Minute

// outlet is the way to the collector. It counts, and keeps errors from the
// library's own log, which is the whole process's.
type outlet struct {
	sdk.SpanExporter
	log *slog.Logger

	sent, lost atomic.Uint64
	complained atomic.Int64 // when, in nanoseconds
}

// ExportSpans is for sdk.SpanExporter.
func (o *outlet) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := o.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		o.sent.Add(uint64(len(spans)))
		return nil
	}
	o.lost.Add(uint64(len(spans)))
	now := time.Now().UnixNano()
	if last := o.complained.Load(); last == 0 || now-last > int64(complainEvery) {
		o.complained.Store(now)
		o.log.Warn("trace: the collector does not take spans", "cause", err, "lost", o.lost.Load())
	}
	return nil
}

// Stats count spans since the start.
type Stats struct {
	Sent uint64 // that the collector took
	Lost uint64 // that it did not take
}

// Stats reads the counters.
func (t *Tracer) Stats() Stats {
	if t == nil {
		return Stats{}
	}
	return Stats{Sent: t.outlet.sent.Load(), Lost: t.outlet.lost.Load()}
}
