package pull

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
)

// Secrets are what sources have of them. Its methods are safe for concurrent use.
type Secrets struct{ redactors atomic.Pointer[[]redactor] }

// Hide replaces them. Those of sources that are being ended belong to it still.
func (s *Secrets) Hide(sources ...Source) {
	list := make([]redactor, len(sources))
	for i := range sources {
		list[i] = newRedactor(sources[i].URL)
	}
	s.redactors.Store(&list)
}

// Discreet is the log for pullers: whatever they or the libraries below them put
// into it, the secrets do not come out.
func (s *Secrets) Discreet(log *slog.Logger) *slog.Logger {
	return slog.New(&discreet{log.Handler(), s})
}

type discreet struct {
	slog.Handler
	secrets *Secrets
}

// Handle passes the record on without secrets.
func (h *discreet) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, h.text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(h.attr(a))
		return true
	})
	return h.Handler.Handle(ctx, clean)
}

// WithAttrs is slog.Handler's.
func (h *discreet) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = h.attr(a)
	}
	return &discreet{h.Handler.WithAttrs(clean), h.secrets}
}

// WithGroup is slog.Handler's.
func (h *discreet) WithGroup(name string) slog.Handler {
	return &discreet{h.Handler.WithGroup(name), h.secrets}
}

func (h *discreet) text(s string) string {
	list := h.secrets.redactors.Load()
	if list == nil {
		return s
	}
	for i := range *list {
		s = (*list)[i].text(s)
	}
	return s
}

func (h *discreet) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		v = slog.StringValue(h.text(v.String()))
	case slog.KindGroup:
		group := v.Group()
		clean := make([]slog.Attr, len(group))
		for i := range group {
			clean[i] = h.attr(group[i])
		}
		v = slog.GroupValue(clean...)
	case slog.KindAny:
		text := fmt.Sprint(v.Any())
		if clean := h.text(text); clean != text {
			v = slog.StringValue(clean)
		}
	}
	return slog.Attr{Key: a.Key, Value: v}
}
