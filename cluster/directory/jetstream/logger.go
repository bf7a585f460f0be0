package jetstream

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// quiet is for how long a server's further errors are only counted: whoever has
// no certificate may knock as often as it likes.
const quiet = 30 * time.Second

// logger is a NATS server's, into ours. What it calls a notice tells its operator
// of its life and of elections, every few seconds in bad times.
type logger struct {
	log *slog.Logger

	mu     sync.Mutex
	said   time.Time
	unsaid int
}

func (l *logger) Noticef(format string, v ...any) { l.say(slog.LevelDebug, format, v) }
func (l *logger) Warnf(format string, v ...any)   { l.say(slog.LevelDebug, format, v) }
func (l *logger) Debugf(format string, v ...any)  { l.say(slog.LevelDebug, format, v) }
func (l *logger) Tracef(format string, v ...any)  { l.say(slog.LevelDebug, format, v) }

// Fatalf is about the embedded server only: the process goes on.
func (l *logger) Fatalf(format string, v ...any) { l.say(slog.LevelError, format, v) }

func (l *logger) Errorf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.said) < quiet {
		l.unsaid++
		return
	}
	l.said = time.Now()
	l.say(slog.LevelWarn, format, v, "not_told", l.unsaid)
	l.unsaid = 0
}

func (l *logger) say(level slog.Level, format string, v []any, more ...any) {
	l.log.Log(context.Background(), level, "directory: NATS server: "+fmt.Sprintf(format, v...), more...)
}
