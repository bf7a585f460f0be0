package feed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"millrace/cluster/wire"
	"millrace/transmux/bus"
	"millrace/transmux/derive"
)

// session is a link before and while it is a child's.
type session struct {
	room     *Room
	link     *wire.Link
	begun    time.Time
	ctx      context.Context
	cancel   context.CancelCauseFunc
	patience *time.Timer // for the first message; then for the next one
	work     sync.WaitGroup
	child    *child // once it is one
}

// cause is why the session was ended from this end, nil if it was not.
func (s *session) cause() error {
	if err := context.Cause(s.ctx); errors.Is(err, errOver) || errors.Is(err, bus.ErrShutdown) {
		return err
	}
	return nil
}

// take hears the peer.
func (s *session) take(m any) error {
	if s.child != nil {
		s.patience.Reset(silence)
		s.child.heard.Store(time.Now().UnixNano())
	}
	switch m := m.(type) {
	case *wire.Hello:
		return s.hello(m)
	case *wire.Query:
		return s.query(m)
	case *wire.Ping:
		return s.link.SendPong(wire.Pong{Sent: m.Sent, Clock: time.Now().UnixNano()})
	}
	if s.child == nil {
		return fmt.Errorf("feed: %w", errSaidNothing)
	}
	switch m := m.(type) {
	case *wire.Keyframe:
		s.child.stream.RequestKeyframe()
	case *wire.Want:
		s.child.want(m.Sets)
	case *wire.Status:
		s.room.mu.Lock()
		s.child.status = m.Nodes
		s.room.mu.Unlock()
	}
	return nil
}

// maxBelow is how many nodes of a tree a message has room for.
const maxBelow = 500

// query tells the tree to a node that asks for nothing else.
func (s *session) query(q *wire.Query) error {
	below := s.room.Below(q.Stream)
	return s.link.Send(&wire.Tree{Path: s.room.paths.Path(q.Stream), Nodes: below[:min(len(below), maxBelow)]})
}

// hello lets a child in, or sends it on.
func (s *session) hello(h *wire.Hello) error {
	if s.child != nil {
		return fmt.Errorf("feed: %w", errTwice)
	}
	came := time.Now()
	stream, release, err := s.room.hub.Hold(h.Stream)
	if err != nil {
		return s.refuse(h, &wire.Refusal{Reason: wire.Unknown, Text: err.Error()})
	}
	path := s.room.paths.Path(h.Stream)
	epoch := stream.Catalog().Origin.Epoch
	c := newChild(s.room, s.link, h, stream)
	c.heard.Store(came.UnixNano())
	if no := s.room.admit(c, path, epoch); no != nil {
		release()
		return s.refuse(h, no)
	}
	s.child = c
	s.patience.Stop()
	s.patience = time.AfterFunc(silence, func() { s.link.Close(errSilent) })
	s.room.counts.opened.Add(1)
	s.room.log.Info("relay: child came", "stream", h.Stream, "node", h.Child.Node, "region", h.Child.Region,
		"remote", s.link.Remote, "transport", s.link.Transport, "hops", len(path))
	if err := s.link.Send(&wire.Welcome{Path: path, Epoch: epoch, Sent: h.Sent, Clock: came.UnixNano()}); err != nil {
		release()
		return err
	}
	s.work.Go(func() {
		defer release()
		err := c.run(s.ctx)
		s.cancel(err)
		c.want(nil)
	})
	return nil
}

func (s *session) refuse(h *wire.Hello, no *wire.Refusal) error {
	s.room.counts.refused.Add(1)
	s.room.log.Debug("relay: child refused", "stream", h.Stream, "node", h.Child.Node, "remote", s.link.Remote, "reason", no.Reason)
	return s.link.Send(no) // the peer hangs up, or patience does
}

// want has tracks derived for the child's viewers. The stream's tracks are the
// origin's business: where this node is not the origin the wish goes on upward.
func (c *child) want(sets []wire.Wish) {
	c.wanting.Lock()
	defer c.wanting.Unlock()
	kept := make(map[derive.Offer]func(), len(sets))
	for i := range sets {
		offer := sets[i].Offer()
		if _, twice := kept[offer]; twice {
			continue
		}
		release := c.wishes[offer]
		if release == nil {
			release = c.room.deriver.Want(c.stream, offer)
		}
		kept[offer] = release
		delete(c.wishes, offer)
	}
	for _, release := range c.wishes {
		release()
	}
	c.wishes = kept
}
