// Package trace tells an OpenTelemetry collector what sessions did and how long
// each part of it took, as spans.
//
// cmd/millrace opens a Tracer where one is configured, and begins the spans of
// requests; the gates and the protocol rooms go on from what they find in a
// context. Where nothing is traced every span is nil, all methods do nothing, and
// nothing is allocated. This room alone knows OpenTelemetry; it must not know what
// a stream is.
package trace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	otel "go.opentelemetry.io/otel/trace"
)

const (
	// maxQueue bounds the spans that wait to be sent: a join has some seven, so that
	// this is a burst of three hundred joins. What is more is left out, and counted.
	maxQueue = 2048
	maxBatch = 512
	// sendEvery is how long spans wait for others to go with them.
	sendEvery = 2 * time.Second
	// sendTimeout bounds one batch, tries again included.
	sendTimeout = 10 * time.Second
	// maxAttributes and maxValue bound a span: what peers call themselves is in it.
	maxAttributes = 32
	maxValue      = 256
)

// Config is where spans go, and which.
type Config struct {
	// Endpoint is the collector's URL, http://host:4318 or with a path; OTLP over HTTP
	// goes to /v1/traces where there is none.
	Endpoint string
	// Sample is the share of traces that are told, 0 to 1. Nodes with the same share
	// choose the same traces.
	Sample float64
	// Node and Version name this process.
	Node, Version string
}

// Tracer makes spans. A nil one makes none.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   otel.Tracer
	outlet   *outlet
}

// Open makes a tracer. Nothing is sent before there are spans; a collector that
// cannot be reached is logged, and costs its spans only.
func Open(cfg Config, log *slog.Logger) (*Tracer, error) {
	exporter, err := otlptracehttp.New(context.Background(),
		otlptracehttp.WithEndpointURL(cfg.Endpoint),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression),
		otlptracehttp.WithTimeout(sendTimeout),
	)
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	o := &outlet{SpanExporter: exporter, log: log}
	limits := sdk.NewSpanLimits()
	limits.AttributeCountLimit, limits.AttributeValueLengthLimit = maxAttributes, maxValue
	// Whose trace it is that a peer says to go on with is chosen like any other: it
	// cannot have more told than was configured.
	share := sdk.TraceIDRatioBased(cfg.Sample)
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(o, sdk.WithMaxQueueSize(maxQueue), sdk.WithMaxExportBatchSize(maxBatch),
			sdk.WithBatchTimeout(sendEvery), sdk.WithExportTimeout(sendTimeout)),
		sdk.WithSampler(sdk.ParentBased(share, sdk.WithRemoteParentSampled(share), sdk.WithRemoteParentNotSampled(sdk.NeverSample()))),
		sdk.WithRawSpanLimits(limits),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "millrace"), attribute.String("service.version", cfg.Version),
			attribute.String("service.instance.id", cfg.Node))),
	)
	return &Tracer{provider: provider, tracer: provider.Tracer("millrace"), outlet: o}, nil
}

// Close sends what waits, as long as ctx lets it.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("trace: %w", err)
	}
	return nil
}

// carrier is how a trace is named between processes: W3C Trace Context.
var carrier = propagation.TraceContext{}

// parentHeader is the name of that name.
const parentHeader = "traceparent"

// Begin makes a span that no other of this process's is the parent of. parent is
// what another process's Span.Carry told, or nothing; what cannot be read is
// nothing. The context has the span, for what is called with it.
func (t *Tracer) Begin(ctx context.Context, name, parent string) (context.Context, *Span) {
	if t == nil {
		return ctx, nil
	}
	above := context.Background()
	if parent != "" {
		above = carrier.Extract(above, propagation.MapCarrier{parentHeader: parent})
	}
	_, span := t.tracer.Start(above, name)
	if !span.IsRecording() {
		return ctx, nil
	}
	s := &Span{span: span, tracer: t.tracer}
	return Into(ctx, s), s
}

// BeginIn is the span that the context has, or a new one.
func (t *Tracer) BeginIn(ctx context.Context, name string) (context.Context, *Span) {
	if s := From(ctx); s != nil || t == nil {
		return ctx, s
	}
	return t.Begin(ctx, name, "")
}
