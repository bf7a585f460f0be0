// Package journal is what happened on this node: the newest events, in order, for
// everybody who follows them at a pace of their own.
//
// The gates, sources, derivations and the drain tell it; the API's stream of events
// and the hooks follow it. It must not know who listens, nor wait for anybody: who
// falls out of what it keeps is told how much was missed.
package journal

import (
	"crypto/rand"
	"strconv"
	"sync"
	"time"
)

// DefaultKeep is how many events are kept: at a hundred a second, which is a busy
// node's storm, a receiver may be down for a minute and a half and miss none. They
// are some 300 bytes each.
const DefaultKeep = 10_000

// Kind is what happened.
type Kind string

// The kinds of events. They are part of the API: new ones may come, and none changes its meaning.
const (
	PublisherStarted Kind = "publisher.started"
	PublisherChanged Kind = "publisher.changed" // its tracks are others now
	PublisherStopped Kind = "publisher.stopped"
	FirstViewer      Kind = "viewers.first" // somebody watches the stream here
	LastViewer       Kind = "viewers.last"  // nobody does any more
	DerivedStarted   Kind = "derived.started"
	DerivedFailed    Kind = "derived.failed"
	DerivedStopped   Kind = "derived.stopped"
	SourceUp         Kind = "source.up"
	SourceDown       Kind = "source.down"
	DrainStarted     Kind = "node.drain"
	ConfigReloaded   Kind = "config.reloaded"
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{
		PublisherStarted, PublisherChanged, PublisherStopped, FirstViewer, LastViewer,
		DerivedStarted, DerivedFailed, DerivedStopped, SourceUp, SourceDown, DrainStarted, ConfigReloaded,
	}
}

// Event is one thing that happened. What does not belong to its kind is empty.
type Event struct {
	ID       string    `json:"id"`  // unique over all nodes and starts
	Seq      uint64    `json:"seq"` // counts this node's events since its start, from 1
	At       time.Time `json:"at"`
	Node     string    `json:"node"`
	Kind     Kind      `json:"kind"`
	Stream   string    `json:"stream,omitempty"`
	Session  string    `json:"session,omitempty"` // as the ledger has it
	Protocol string    `json:"protocol,omitempty"`
	Remote   string    `json:"remote,omitempty"`
	Agent    string    `json:"agent,omitempty"`  // what the peer calls itself
	Cause    string    `json:"cause,omitempty"`  // why it ended or failed
	Detail   string    `json:"detail,omitempty"` // what it is about, for people
	Tracks   []Track   `json:"tracks,omitempty"` // of PublisherChanged: what it sends now
}

// Journal keeps the newest events. Its methods are safe for concurrent use, and a
// nil Journal forgets everything.
type Journal struct {
	node, boot string
	keep       int

	mu     sync.Mutex
	events []Event // a ring: the event Seq stands at (Seq-1) % keep
	last   uint64
	rung   chan struct{} // nil while nobody waits
}

// New makes a node's journal that keeps so many events; 0 is DefaultKeep.
func New(node string, keep int) *Journal {
	if keep <= 0 {
		keep = DefaultKeep
	}
	return &Journal{node: node, boot: rand.Text()[:10], keep: keep}
}

// Tell writes an event down. ID, Seq and Node are the journal's to set, and At if
// it is zero.
func (j *Journal) Tell(e Event) {
	if j == nil {
		return
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	e.At = e.At.UTC()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	e.Seq, e.Node, e.ID = j.last, j.node, j.boot+"-"+strconv.FormatUint(j.last, 10)
	if len(j.events) < j.keep {
		j.events = append(j.events, e)
	} else {
		j.events[(e.Seq-1)%uint64(j.keep)] = e
	}
	if j.rung != nil {
		close(j.rung)
		j.rung = nil
	}
}

// Last is the Seq of the newest event, 0 before the first.
func (j *Journal) Last() uint64 {
	if j == nil {
		return 0
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// After gives the events after the one of that Seq, oldest first and at most limit,
// and how many of them are not kept any more.
func (j *Journal) After(seq uint64, limit int) (events []Event, missed uint64) {
	if j == nil {
		return nil, 0
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	seq = min(seq, j.last)
	if kept := uint64(len(j.events)); j.last-seq > kept {
		missed = j.last - seq - kept
		seq += missed
	}
	for ; seq < j.last && len(events) < limit; seq++ {
		events = append(events, j.events[seq%uint64(j.keep)])
	}
	return events, missed
}

// Changed returns a channel that is closed at the next event. Take it before
// looking, then wait on it: what came in between is not lost.
func (j *Journal) Changed() <-chan struct{} {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.rung == nil {
		j.rung = make(chan struct{})
	}
	return j.rung
}

// SeqOf is the Seq of an event of this journal by its ID, for who comes back; false
// for one of another node or start.
func (j *Journal) SeqOf(id string) (seq uint64, ok bool) {
	if j == nil || len(id) <= len(j.boot) || id[:len(j.boot)+1] != j.boot+"-" {
		return 0, false
	}
	seq, err := strconv.ParseUint(id[len(j.boot)+1:], 10, 64)
	return seq, err == nil && seq <= j.Last()
}
