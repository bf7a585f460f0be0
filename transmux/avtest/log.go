package avtest

import (
	"bytes"
	"strings"
	"sync"
)

// Log keeps what is logged, to be read while others still write. The zero Log is
// ready, and its methods are safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write is io.Writer's.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is all of it so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Count is how often the words are in it.
func (l *Log) Count(words string) int { return strings.Count(l.String(), words) }

// Has says whether they are.
func (l *Log) Has(words string) bool { return l.Count(words) > 0 }
