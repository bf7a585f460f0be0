package directory

import (
	"context"
	"errors"
	"time"
)

// What operations of a store may give; everything else is ErrUnreachable's kind.
var (
	// ErrConflict means that the key has another revision than the one given.
	ErrConflict = errors.New("the key was changed by another node")
	// ErrNobody means that there is nobody, now, who could answer.
	ErrNobody = errors.New("nobody answers")
)

// Kind is what a key is about.
type Kind string

// The kinds there are.
const (
	kindNode  Kind = "node"
	kindClaim Kind = "claim"
	kindClerk Kind = "clerk"
)

// Entry is what a key holds.
type Entry struct {
	// Key tells keys of a kind apart; it need not be the name.
	Key      string
	Value    []byte // nil: nothing
	Revision uint64 // of the last change, 0 if there never was one; greater is later
}

// Message is what came under a subject.
type Message struct {
	Data []byte
	// Reply answers it; nil if no answer is wanted.
	Reply func(data []byte)
}

// Store is what the nodes share. Implementations call handlers one after the
// other for one subscription; handlers do not call the store.
type Store interface {
	Keys
	Post
	// Online says whether the store answers, in which epoch it is, and why
	// not. An epoch is over when anything may have been missed, or lost;
	// numbers are not used twice.
	Online() (epoch uint64, cause error)
	// Changed is closed when Online's answer changes. Take it before asking.
	Changed() <-chan struct{}
}

// Keys are written by compare-and-set.
type Keys interface {
	// Get reads a key. A key that is not there is no error.
	Get(ctx context.Context, kind Kind, name string) (Entry, error)
	// Write sets a key that still has the revision given (0: that never was), for
	// a time, and returns its new one. Nil deletes. It gives ErrConflict.
	Write(ctx context.Context, kind Kind, name string, value []byte, revision uint64, ttl time.Duration) (uint64, error)
	// List reads all keys of a kind.
	List(ctx context.Context, kind Kind) ([]Entry, error)
	// Hint tells those who follow a key what it will hold, when it cannot be
	// written just now. They see it with revision 0.
	Hint(kind Kind, name string, value []byte) error
	// Follow tells of changes of a key, or of all of its kind (name empty). Some
	// may be missed: at the end of an epoch for sure.
	Follow(kind Kind, name string, changed func(Entry)) (stop func(), err error)
}

// Post carries messages that nobody keeps.
type Post interface {
	// Token stands for a name in a subject: strangers cannot tell of what.
	Token(name string) string
	Publish(subject string, data []byte) error
	Subscribe(subject string, handle func(Message)) (stop func(), err error)
	// Ask waits for one answer. It gives ErrNobody at once where nobody listens.
	Ask(ctx context.Context, subject string, data []byte) ([]byte, error)
}
