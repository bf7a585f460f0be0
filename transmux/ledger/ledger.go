// Package ledger is who is here: every session of a publisher or a viewer, whatever
// its protocol, what it is doing, and how it is ended.
//
// The two gates enter their sessions; the API reads them and ends one by its id;
// publishers and the first and last viewer of a stream go into the journal. It must
// not know a protocol.
package ledger

import (
	"cmp"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"time"

	"millrace/transmux/journal"
)

// ErrKicked is what a session ends with that the API ended.
var ErrKicked = errors.New("ended by the administrator")

// Role is what a session is here for.
type Role string

// The roles.
const (
	Publisher Role = "publisher"
	Viewer    Role = "viewer"
)

// Session is one publisher or viewer.
type Session struct {
	ID       string // made by Enter; not the id in a protocol's URLs, which is a secret
	Role     Role
	Stream   string
	Protocol string // "rtmp", "whep", …
	Remote   string // address and port
	Agent    string // what the peer calls itself, if it does
	Holder   string // names the credential without telling it
	Since    time.Time

	// End ends the session for that cause, from any goroutine; nil where it cannot be.
	End func(cause error)
	// Numbers reads how it is doing, from any goroutine, without waiting; nil where
	// nothing is known.
	Numbers func() Numbers
}

// Numbers are how a session is doing. What its protocol does not know is zero.
type Numbers struct {
	At         time.Time     // when they were so; zero: now
	Agent      string        // what the peer calls itself, if it said so only later; else empty
	Transport  string        // "udp", "tcp", or "relay" through a TURN server of ours
	Remote     string        // where it is by now, if it moved; else empty
	Video      string        // the codecs that go over the wire
	Audio      string        //
	Rendition  string        // the layer that is sent, where there are several
	Bytes      uint64        // of media, since its begin
	Packets    uint64        // likewise; frames where there are no packets
	Lost       uint64        // packets, as the receiving end tells
	Resent     uint64        // packets sent again
	Keyframes  uint64        // asked for by the peer, or by us of the peer
	Skipped    uint64        // times that it was too far behind and moved on to a newer keyframe
	RoundTrip  time.Duration // 0: unknown
	Jitter     time.Duration // 0: unknown
	Behind     time.Duration // how far behind the live edge what is sent last is; 0: at it
	Connecting bool          // no media yet
	ClockJumps uint64        // times that a publisher's timestamps began anew, where they are looked at
}

// Ledger knows all sessions. Its methods are safe for concurrent use.
type Ledger struct {
	journal *journal.Journal
	watcher Watcher

	mu       sync.Mutex
	sessions map[string]*Session
	watching map[string]int // viewers, by stream
}

// New makes a ledger that tells the journal, which may be nil.
func New(j *journal.Journal) *Ledger {
	return &Ledger{journal: j, sessions: map[string]*Session{}, watching: map[string]int{}}
}

// Enter writes a session down and gives it an id. leave strikes it out; only its
// first call counts. A nil Ledger takes no notes.
func (l *Ledger) Enter(s Session) (id string, leave func(cause error)) {
	if l == nil {
		return "", func(error) {}
	}
	s.ID = rand.Text()
	if s.Since.IsZero() {
		s.Since = time.Now()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions[s.ID] = &s
	switch s.Role {
	case Publisher:
		l.journal.Tell(s.event(journal.PublisherStarted))
	case Viewer:
		if l.watching[s.Stream]++; l.watching[s.Stream] == 1 {
			l.journal.Tell(s.event(journal.FirstViewer))
		}
	}
	return s.ID, l.watched(&s, func(cause error) { l.leave(&s, cause) })
}

func (l *Ledger) leave(s *Session, cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sessions[s.ID] != s {
		return
	}
	delete(l.sessions, s.ID)
	kind := journal.PublisherStopped
	if s.Role == Viewer {
		if l.watching[s.Stream]--; l.watching[s.Stream] > 0 {
			return
		}
		delete(l.watching, s.Stream)
		kind = journal.LastViewer
	}
	e := s.event(kind)
	e.Cause = words(cause)
	l.journal.Tell(e)
}

// event is one about the session. Of viewers it is the stream that matters.
func (s *Session) event(kind journal.Kind) journal.Event {
	return journal.Event{
		Kind: kind, Stream: s.Stream, Session: s.ID, Protocol: s.Protocol, Remote: s.Remote, Agent: s.Agent,
	}
}

// Sessions are those that are here, oldest first.
func (l *Ledger) Sessions() []Session {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	all := make([]Session, 0, len(l.sessions))
	for _, s := range l.sessions {
		all = append(all, *s)
	}
	l.mu.Unlock()
	slices.SortFunc(all, func(a, b Session) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID)) })
	return all
}

// Session is one of them, by its id.
func (l *Ledger) Session(id string) (Session, bool) {
	if l == nil {
		return Session{}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.sessions[id]; s != nil {
		return *s, true
	}
	return Session{}, false
}

// Kick ends a session with ErrKicked. It is false where there is none, or none that
// can be ended.
func (l *Ledger) Kick(id string) bool {
	s, ok := l.Session(id)
	if !ok || s.End == nil {
		return false
	}
	s.End(ErrKicked)
	return true
}
