package trace

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	otel "go.opentelemetry.io/otel/trace"
)

// Span is one piece of work. Its methods are safe for concurrent use, and a nil
// one's do nothing.
type Span struct {
	span   otel.Span
	tracer otel.Tracer
	ended  atomic.Bool
}

type spanKey struct{}

// From is the span that the context has, or nil.
func From(ctx context.Context) *Span {
	s, _ := ctx.Value(spanKey{}).(*Span)
	return s
}

// Into is the context with that span; the context itself if the span is nil.
func Into(ctx context.Context, s *Span) context.Context {
	if s == nil {
		return ctx
	}
	return context.WithValue(ctx, spanKey{}, s)
}

// Start makes a span below the one that the context has; nil if it has none.
func Start(ctx context.Context, name string) (context.Context, *Span) {
	above := From(ctx)
	if above == nil {
		return ctx, nil
	}
	s := above.Child(name, time.Time{})
	return Into(ctx, s), s
}

// Child makes a span below this one. It began then; the zero time is now.
func (s *Span) Child(name string, begun time.Time) *Span {
	if s == nil {
		return nil
	}
	var options []otel.SpanStartOption
	if !begun.IsZero() {
		options = append(options, otel.WithTimestamp(begun))
	}
	_, span := s.tracer.Start(otel.ContextWithSpan(context.Background(), s.span), name, options...)
	return &Span{span: span, tracer: s.tracer}
}

// Past makes a span below this one of what is over already. One of which the begin
// or the end is not known is not made.
func (s *Span) Past(name string, begun, ended time.Time) {
	if s == nil || begun.IsZero() || ended.IsZero() {
		return
	}
	s.Child(name, begun).end(nil, otel.WithTimestamp(ended))
}

// Set adds a fact. It must not be a credential.
func (s *Span) Set(key, value string) {
	if s != nil && value != "" {
		s.span.SetAttributes(attribute.String(key, value))
	}
}

// End says that the work is done, or why it failed. Only the first call counts.
func (s *Span) End(err error) { s.end(err) }

// Stop says that the work is over, and for which cause, which is no failure.
func (s *Span) Stop(cause error) {
	if s == nil {
		return
	}
	if cause != nil {
		s.Set("cause", cause.Error())
	}
	s.end(nil)
}

func (s *Span) end(err error, options ...otel.SpanEndOption) {
	if s == nil || !s.ended.CompareAndSwap(false, true) {
		return
	}
	if err != nil {
		s.span.SetStatus(codes.Error, err.Error())
	}
	s.span.End(options...)
}

// Carry names the span to another process, whose Tracer.Begin goes on from there;
// nothing for a nil one.
func (s *Span) Carry() string {
	if s == nil {
		return ""
	}
	c := propagation.MapCarrier{}
	carrier.Inject(otel.ContextWithSpan(context.Background(), s.span), c)
	return c[parentHeader]
}
