package pull

import (
	"context"
	"errors"

	"millrace/ingest"
	"millrace/transmux/bus"
)

// Observer is told of sources that come and go. It must not wait for anything, nor
// call the room.
type Observer interface {
	// Up says that a source is there: it has opened the gate.
	Up(s ingest.Source)
	// Down says that it is not any more, or that it could not be fetched when that
	// began; attempts that fail after that are not told. The cause has no secrets.
	Down(s ingest.Source, cause string)
}

// told is what the observer knows of a source.
type told uint8

const (
	toldNothing told = iota // nobody wants it
	toldUp
	toldDown
)

// tellLocked passes on what is news.
func (f *feed) tellLocked(now told, cause string) {
	before := f.told
	f.told = now
	switch o := f.room.observer; {
	case o == nil || before == now:
	case now == toldUp:
		o.Up(f.source.Source)
	case now == toldDown, before == toldUp:
		o.Down(f.source.Source, cause)
	}
}

// parting is why a source is not wanted any more.
func parting(cause error) string {
	if errors.Is(cause, context.Canceled) {
		cause = bus.ErrShutdown
	}
	return cause.Error()
}
