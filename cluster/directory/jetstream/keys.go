package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"millrace/cluster/directory"
)

const (
	// maxValue bounds a key's value: a node with all its addresses is a
	// kilobyte.
	maxValue = 16 << 10
	// While a leader is elected, a write is tried again.
	writeTries = 8
	writeWait  = 100 * time.Millisecond

	wrongRevision jetstream.ErrorCode = 10071 // JSStreamWrongLastSequenceErrF
)

func (s *Store) subject(kind directory.Kind, name string) string {
	return "$KV." + s.bucket + "." + s.key(kind, name)
}

// key hides the name.
func (s *Store) key(kind directory.Kind, name string) string {
	return string(kind) + "." + s.seal.name(string(kind), name)
}

func (s *Store) found() (jetstream.Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause != nil {
		return nil, s.cause // nobody is to wait for what is known not to answer
	}
	return s.stream, nil
}

// Get is for directory.Keys.
func (s *Store) Get(ctx context.Context, kind directory.Kind, name string) (directory.Entry, error) {
	e := directory.Entry{Key: s.key(kind, name)}
	stream, err := s.found()
	if err != nil {
		return e, err
	}
	m, err := stream.GetLastMsgForSubject(ctx, s.subject(kind, name))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return e, nil
	}
	if err != nil {
		return e, unreachable(err)
	}
	e.Revision = m.Sequence
	e.Value = s.seal.open(m.Data, m.Subject) // nothing where it is a marker, or not of this cluster
	return e, nil
}

// Write is for directory.Keys. Each write says anew how long it holds: NATS drops
// a key's end when a write does not name one.
func (s *Store) Write(ctx context.Context, kind directory.Kind, name string, value []byte, revision uint64, ttl time.Duration) (uint64, error) {
	if _, err := s.found(); err != nil {
		return 0, err
	}
	m := nats.NewMsg(s.subject(kind, name))
	m.Data = s.seal.close(value, m.Subject)
	ack, err := s.js.PublishMsg(ctx, m, jetstream.WithExpectLastSequencePerSubject(revision), jetstream.WithMsgTTL(ttl),
		jetstream.WithRetryAttempts(writeTries), jetstream.WithRetryWait(writeWait))
	var api *jetstream.APIError
	switch {
	case err == nil:
		return ack.Sequence, nil
	case errors.As(err, &api) && api.ErrorCode == wrongRevision:
		return 0, directory.ErrConflict
	default:
		return 0, unreachable(err)
	}
}

// Hint is for directory.Keys.
func (s *Store) Hint(kind directory.Kind, name string, value []byte) error {
	subject := s.subject(kind, name)
	if err := s.nc.Publish(s.prefix+".told."+subject, s.seal.close(value, subject)); err != nil {
		return unreachable(err)
	}
	return nil
}

// List is for directory.Keys.
func (s *Store) List(ctx context.Context, kind directory.Kind) ([]directory.Entry, error) {
	kv, err := s.js.KeyValue(ctx, s.bucket)
	if err != nil {
		return nil, unreachable(err)
	}
	w, err := kv.Watch(ctx, string(kind)+".*", jetstream.IgnoreDeletes())
	if err != nil {
		return nil, unreachable(err)
	}
	defer func() { _ = w.Stop() }()
	var list []directory.Entry
	for {
		select {
		case <-ctx.Done():
			return nil, unreachable(ctx.Err())
		case e, open := <-w.Updates():
			if !open {
				return nil, unreachable(errors.New("the list ended early"))
			}
			if e == nil { // that is all
				return list, nil
			}
			value := s.seal.open(e.Value(), "$KV."+s.bucket+"."+e.Key())
			if value != nil {
				list = append(list, directory.Entry{Key: e.Key(), Value: value, Revision: e.Revision()})
			}
		}
	}
}

// Follow is for directory.Keys.
func (s *Store) Follow(kind directory.Kind, name string, changed func(directory.Entry)) (stop func(), err error) {
	told := s.prefix + ".told."
	own := "$KV." + s.bucket + "."
	topic := told + own + string(kind) + ".*"
	if name != "" {
		topic = told + own + s.key(kind, name)
	}
	return s.subscribe(topic, func(m *nats.Msg) {
		subject := m.Subject[len(told):]
		// A hint has no sequence, and is sealed for the same subject.
		revision, _ := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
		if value := s.seal.open(m.Data, subject); value != nil {
			changed(directory.Entry{Key: subject[len(own):], Value: value, Revision: revision})
		}
	})
}

// unreachable marks an error as the network's, not the caller's.
func unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", directory.ErrUnreachable, err)
}
