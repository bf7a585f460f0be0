package main

import (
	"fmt"
	"io"
	"log/slog"

	"millrace/cmd/millrace/config"
)

// newLog makes a logger of the configuration's level for ever.
func newLog(cfg config.Config, w io.Writer) *slog.Logger {
	return newLogAt(cfg.Level(), cfg.Log.Format, w)
}

// newLogAt makes the logger that is handed to all rooms.
func newLogAt(level slog.Leveler, format string, w io.Writer) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: plain}))
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// plain makes of what JSON would write as bare numbers what a reader expects:
// durations in seconds in place of nanoseconds, and the words of things that have
// them, such as codecs.
func plain(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindDuration:
		a.Value = slog.Float64Value(a.Value.Duration().Seconds())
	case slog.KindAny:
		switch v := a.Value.Any().(type) {
		case error, slog.Level: // slog knows them
		case fmt.Stringer:
			a.Value = slog.StringValue(v.String())
		}
	}
	return a
}
