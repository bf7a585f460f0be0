package access

import (
	"errors"
	"sync/atomic"
	"time"
)

// The kinds of refusals.
var (
	ErrMissing     = errors.New("a credential is needed")
	ErrWrong       = errors.New("the credential is not right")
	ErrStale       = errors.New("the credential is not valid any more, or not yet")
	ErrForbidden   = errors.New("the credential does not allow this")
	ErrSlowed      = errors.New("too many wrong credentials came from this address")
	ErrUnavailable = errors.New("who may do this cannot be found out now")
)

// ErrExpired is the cause of the end of a session whose permit ran out.
var ErrExpired = errors.New("the credential that let it in has expired")

// ErrBitrate is the cause of the end of a publisher that sent more than its permit.
var ErrBitrate = errors.New("it sent more bits a second than its credential allows")

// Refusal is a no. Its words are for whoever asked, and hold nothing secret.
type Refusal struct {
	Kind  error // one of the above
	Words string
	After time.Duration // when to ask again; 0 if that does not help
}

func (r *Refusal) Error() string { return r.Words }

// Unwrap is the kind.
func (r *Refusal) Unwrap() error { return r.Kind }

func refuse(kind error, words string) error { return &Refusal{Kind: kind, Words: words} }

func missing(q *Request) error { return refuse(ErrMissing, wish(q)+" needs a key or token") }

func slowed(wait time.Duration) error {
	return &Refusal{Kind: ErrSlowed, After: wait, Words: "too many wrong keys or passwords came from your address: wait a little"}
}

func unavailable(words string) error {
	const again = 2 * time.Second // as the HTTP faces say elsewhere
	return &Refusal{Kind: ErrUnavailable, After: again, Words: words}
}

// undecided says whether somebody else may know the credential that we do not.
func undecided(err error) bool { return errors.Is(err, ErrWrong) || errors.Is(err, ErrForbidden) }

// wish puts the request into words.
func wish(q *Request) string {
	switch q.Action {
	case Publish:
		return "publishing " + q.Stream
	case Play:
		return "watching " + q.Stream
	case Read:
		return "reading this"
	default:
		return "changing this"
	}
}

// Reasons are the labels that refusals are counted by.
var Reasons = [...]string{"missing", "wrong", "stale", "forbidden", "slowed", "unavailable"}

var kinds = [len(Reasons)]error{ErrMissing, ErrWrong, ErrStale, ErrForbidden, ErrSlowed, ErrUnavailable}

type counters struct {
	allowed atomic.Uint64
	refused [len(Reasons)]atomic.Uint64
	hashes  atomic.Uint64
	asked   atomic.Uint64
}

func (c *counters) count(err error) {
	if err == nil {
		c.allowed.Add(1)
		return
	}
	for i, kind := range kinds {
		if errors.Is(err, kind) {
			c.refused[i].Add(1)
			return
		}
	}
}

// Stats count since the start.
type Stats struct {
	Allowed uint64
	Refused map[string]uint64 // by reason
	Hashes  uint64            // slow ones that were computed
	Asked   uint64            // times that the callback was called
}

// Stats reads the counters.
func (r *Room) Stats() Stats {
	s := Stats{Allowed: r.stats.allowed.Load(), Hashes: r.stats.hashes.Load(), Asked: r.stats.asked.Load(), Refused: map[string]uint64{}}
	for i, reason := range Reasons {
		s.Refused[reason] = r.stats.refused[i].Load()
	}
	return s
}
