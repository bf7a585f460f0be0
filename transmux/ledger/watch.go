package ledger

import "sync"

// Watcher hears of every session that comes and goes, and must not block. It may
// read a session, and its Numbers in Left, but not the ledger.
type Watcher interface {
	Entered(s *Session)
	Left(s *Session) // once
}

// Watch has the watcher hear of sessions from now on. It is called before any comes.
func (l *Ledger) Watch(w Watcher) { l.watcher = w }

// watched is leave with word to the watcher before it.
func (l *Ledger) watched(s *Session, leave func(cause error)) func(cause error) {
	if l.watcher == nil {
		return leave
	}
	l.watcher.Entered(s)
	var once sync.Once
	return func(cause error) {
		once.Do(func() { l.watcher.Left(s) })
		leave(cause)
	}
}
