package turn

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// loggers makes the library's loggers. What it has to say is about single packets of
// clients, so that all of it is for debugging.
type loggers struct{ log *slog.Logger }

// NewLogger is logging.LoggerFactory's.
func (l loggers) NewLogger(string) logging.LeveledLogger { return logger(l) }

// logger is one of them.
type logger struct{ log *slog.Logger }

func (l logger) say(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug("turn: " + fmt.Sprintf(format, args...))
	}
}

// Trace and the others are logging.LeveledLogger's. Those that come with every packet
// say nothing.
func (l logger) Trace(string)              {}
func (l logger) Tracef(string, ...any)     {}
func (l logger) Debug(string)              {}
func (l logger) Debugf(string, ...any)     {}
func (l logger) Info(m string)             { l.say("%s", m) }
func (l logger) Infof(f string, a ...any)  { l.say(f, a...) }
func (l logger) Warn(m string)             { l.say("%s", m) }
func (l logger) Warnf(f string, a ...any)  { l.say(f, a...) }
func (l logger) Error(m string)            { l.say("%s", m) }
func (l logger) Errorf(f string, a ...any) { l.say(f, a...) }
