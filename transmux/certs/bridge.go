package certs

import (
	"context"
	"log/slog"

	"go.uber.org/zap/zapcore"
)

// bridge is the library's log. What users need of it they are told by its events; the
// rest is for debugging.
type bridge struct {
	log  *slog.Logger
	with []zapcore.Field
}

// Enabled is zapcore.LevelEnabler's.
func (b bridge) Enabled(zapcore.Level) bool {
	return b.log.Enabled(context.Background(), slog.LevelDebug)
}

// With is zapcore.Core's.
func (b bridge) With(fields []zapcore.Field) zapcore.Core {
	b.with = append(b.with[:len(b.with):len(b.with)], fields...)
	return b
}

// Check is zapcore.Core's.
func (b bridge) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if b.Enabled(e.Level) {
		return checked.AddCore(e, b)
	}
	return checked
}

// Write is zapcore.Core's.
func (b bridge) Write(e zapcore.Entry, fields []zapcore.Field) error {
	text := zapcore.NewMapObjectEncoder()
	for _, f := range append(b.with[:len(b.with):len(b.with)], fields...) {
		f.AddTo(text)
	}
	args := make([]any, 0, 2*len(text.Fields))
	for key, value := range text.Fields {
		args = append(args, key, value)
	}
	b.log.Debug("tls: acme: "+e.Message, args...)
	return nil
}

// Sync is zapcore.Core's.
func (b bridge) Sync() error { return nil }
