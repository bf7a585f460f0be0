package ledger

import "millrace/transmux/journal"

// Describe tells the journal what the stream's publisher sends from now on: between
// its coming and its going, never after. It is false where nobody publishes that.
func (l *Ledger) Describe(stream string, tracks []journal.Track) bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var publisher *Session
	for _, s := range l.sessions {
		// One that was taken over may be here still.
		if s.Role == Publisher && s.Stream == stream && (publisher == nil || s.Since.After(publisher.Since)) {
			publisher = s
		}
	}
	if publisher == nil {
		return false
	}
	e := publisher.event(journal.PublisherChanged)
	e.Tracks, e.Detail = tracks, journal.Words(tracks)
	l.journal.Tell(e)
	return true
}
