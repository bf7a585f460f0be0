package jetstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	"millrace/cluster/directory"
)

// replySubject stands for the inbox in what an answer is sealed for: the inbox is
// the asker's own, and random.
const replySubject = "reply"

// Token is for directory.Post.
func (s *Store) Token(name string) string { return s.seal.name("token", name) }

// Publish is for directory.Post.
func (s *Store) Publish(subject string, data []byte) error {
	subject = s.prefix + "." + subject
	if err := s.nc.Publish(subject, s.seal.close(data, subject)); err != nil {
		return unreachable(err)
	}
	return nil
}

// Subscribe is for directory.Post.
func (s *Store) Subscribe(subject string, handle func(directory.Message)) (stop func(), err error) {
	return s.subscribe(s.prefix+"."+subject, func(m *nats.Msg) {
		data := s.seal.open(m.Data, m.Subject)
		if data == nil {
			return // somebody who does not belong here
		}
		out := directory.Message{Data: data}
		if m.Reply != "" {
			out.Reply = func(answer []byte) { _ = m.Respond(s.seal.close(answer, replySubject+m.Reply)) }
		}
		handle(out)
	})
}

// Ask is for directory.Post.
func (s *Store) Ask(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if s.nc.Status() != nats.CONNECTED {
		return nil, fmt.Errorf("%w: not connected to a server", directory.ErrUnreachable)
	}
	subject = s.prefix + "." + subject
	m, err := s.nc.RequestWithContext(ctx, subject, s.seal.close(data, subject))
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, directory.ErrNobody
	case err != nil:
		return nil, unreachable(err)
	}
	answer := s.seal.open(m.Data, replySubject+m.Subject)
	if answer == nil {
		return nil, errors.New("jetstream: an answer of somebody who does not belong here")
	}
	return answer, nil
}

// subscribe waits neither for the server nor, at the end, for a handler that
// runs.
func (s *Store) subscribe(subject string, handle nats.MsgHandler) (stop func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub, err := s.nc.ChanSubscribe(subject, s.arrived)
	if err != nil {
		return nil, unreachable(err)
	}
	s.handlers[sub] = handle // before deliver can look for it
	return func() {
		_ = sub.Unsubscribe() // fails only when the connection is over
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.handlers, sub)
	}, nil
}

// deliver hands every message to its handler. One goroutine does it for all
// subscriptions: NATS's own way is one for each, and there may be thousands.
func (s *Store) deliver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-s.arrived:
			s.mu.Lock()
			handle := s.handlers[m.Sub]
			s.mu.Unlock()
			if handle != nil {
				handle(m)
			}
		}
	}
}
