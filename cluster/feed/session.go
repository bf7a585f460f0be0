package feed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"millrace/cluster/wire"
	"millrace/transmux/bus"
	"millrace/transmux/derive"
	"millrace/transmux/trace"
)

const (
	// soon is how long a child is left without a word while its stream is begun.
	soon = 200 * time.Millisecond
	// beginning bounds that, and is longer than a source may take (ingest/pull).
	beginning = 12 * time.Second
	// maxReason is what of an error a child is told, in bytes.
	maxReason = 300
)

// session is a link before and while it is a child's.
type session struct {
	room     *Room
	link     *wire.Link
	begun    time.Time
	ctx      context.Context
	cancel   context.CancelCauseFunc
	patience *time.Timer // for the next message
	work     sync.WaitGroup
	asked    bool                  // of the link's handler
	child    atomic.Pointer[child] // once it is one
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
	c := s.child.Load()
	if c != nil {
		s.patience.Reset(silence)
		c.heard.Store(time.Now().UnixNano())
	}
	switch m := m.(type) {
	case *wire.Hello:
		if s.asked {
			return fmt.Errorf("feed: %w", errTwice)
		}
		s.asked = true
		s.patience.Reset(beginning + greeting)
		s.work.Go(func() { s.hello(m) })
		return nil
	case *wire.Query:
		return s.query(m)
	case *wire.Ping:
		return s.link.SendPong(wire.Pong{Sent: m.Sent, Clock: time.Now().UnixNano()})
	}
	if c == nil {
		return fmt.Errorf("feed: %w", errSaidNothing)
	}
	switch m := m.(type) {
	case *wire.Keyframe:
		c.stream.RequestKeyframe()
	case *wire.Want:
		c.want(m.Sets)
	case *wire.Status:
		s.room.mu.Lock()
		c.status = m.Nodes
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

// hello lets a child in, or sends it on; it serves it to the end.
func (s *session) hello(h *wire.Hello) {
	came := time.Now()
	traced := s.traced(h)
	stream, release, err := s.hold(h.Stream)
	if err != nil {
		traced.End(err)
		s.refuse(h, refusal(err))
		return
	}
	defer release()
	path := s.room.paths.Path(h.Stream)
	epoch := stream.Catalog().Origin.Epoch
	c := newChild(s.room, s.link, h, stream)
	c.resume(epoch)
	c.heard.Store(time.Now().UnixNano())
	if no := s.room.admit(c, path, epoch); no != nil {
		traced.End(no)
		s.refuse(h, no)
		return
	}
	traced.End(nil)
	s.child.Store(c)
	s.patience.Reset(silence)
	s.room.counts.opened.Add(1)
	s.room.log.Info("relay: child came", "stream", h.Stream, "node", h.Child.Node, "region", h.Child.Region,
		"remote", s.link.Remote, "transport", s.link.Transport, "hops", len(path))
	// As if the answer had been given at once, and the way were the longer: clocks are compared by it.
	clock := came.Add(time.Since(came) / 2)
	if err := s.link.Send(&wire.Welcome{Path: path, Epoch: epoch, Sent: h.Sent, Clock: clock.UnixNano()}); err != nil {
		s.link.Close(err)
		return
	}
	s.cancel(c.run(s.ctx))
	c.want(nil)
}

// traced is this node's part of what the child wants the stream for, where the
// child says that this is traced.
func (s *session) traced(h *wire.Hello) *trace.Span {
	if h.Trace == "" {
		return nil
	}
	_, span := s.room.cfg.Tracer.Begin(s.ctx, "relay.feed", h.Trace)
	span.Set("stream", h.Stream)
	span.Set("child", h.Child.Node)
	return span
}

// hold joins the stream, and asks the peer to wait where that takes a while.
func (s *session) hold(name string) (*bus.Stream, func(), error) {
	ctx, cancel := context.WithTimeout(s.ctx, beginning)
	defer cancel()
	late := time.AfterFunc(soon, func() { _ = s.link.Send(&wire.Wait{}) }) // a link that is broken ends by itself
	defer late.Stop()
	return s.room.streams.Hold(ctx, name)
}

// refusal is what a child is told of a stream that cannot be had.
func refusal(err error) *wire.Refusal {
	var told *bus.Unavailable
	if errors.As(err, &told) {
		return &wire.Refusal{Reason: wire.Failed, Text: told.Reason[:min(len(told.Reason), maxReason)]}
	}
	return &wire.Refusal{Reason: wire.Unknown, Text: err.Error()}
}

func (s *session) refuse(h *wire.Hello, no *wire.Refusal) {
	s.room.counts.refused.Add(1)
	s.room.log.Debug("relay: child refused", "stream", h.Stream, "node", h.Child.Node, "remote", s.link.Remote, "reason", no.Reason)
	s.patience.Reset(greeting)
	_ = s.link.Send(no) // the peer hangs up, or patience does
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
