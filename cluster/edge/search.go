package edge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"millrace/cluster/wire"
)

const (
	// hedge is after how long without an answer the next node is asked too: a node
	// that died does not say so.
	hedge = 300 * time.Millisecond
	// maxAsked bounds a search: as many nodes say no, there is none that says yes.
	maxAsked = 32
	// maxAtOnce bounds the nodes that are asked at once.
	maxAtOnce = 3
	// askTimeout is for one node's answer, waitTimeout for that of one which begins the
	// stream.
	askTimeout  = 3500 * time.Millisecond
	waitTimeout = 13 * time.Second
)

var errNoReply = errors.New("it does not answer")

// search looks for a node that gives the stream.
type search struct {
	pull   *pull
	hello  wire.Hello
	queue  []wire.Hop
	asked  map[string]bool
	last   []wire.Hop // to be asked when there is nobody else
	origin wire.Hop
}

// newSearch is made by the pull's goroutine.
func newSearch(p *pull) *search {
	s := &search{pull: p, asked: make(map[string]bool), hello: wire.Hello{
		Version: wire.Version, Child: p.room.cfg.Self(), Stream: p.name, Origin: p.place.Node, Trace: p.traced.Carry(),
	}}
	s.hello.Epoch, s.hello.Have = p.positions()
	s.origin = wire.Hop{Node: p.place.Node}
	if n, known := p.room.dir.Node(p.place.Node); known {
		s.origin.Region, s.origin.Relay = n.Region, n.Relay
	}
	s.queue = s.fresh([]wire.Hop{s.origin})
	s.queue = append(s.queue, s.fresh(p.hints)...)
	// Whoever was left for a cause, perhaps because it is dead, is asked only if it is
	// the origin and nobody else is left; even if others recommend it.
	if i := slices.IndexFunc(s.queue, func(h wire.Hop) bool { return h.Node == p.avoid }); i >= 0 {
		if p.avoid == s.origin.Node {
			s.last = append(s.last, s.queue[i])
		}
		s.queue = slices.Delete(s.queue, i, i+1)
	}
	if p.avoid != "" {
		s.asked[p.avoid] = true
	}
	return s
}

// fresh are the nodes that have not been thought of, those of this node's region
// first, then by their load.
func (s *search) fresh(hops []wire.Hop) []wire.Hop {
	self := s.hello.Child
	fresh := slices.DeleteFunc(slices.Clone(hops), func(h wire.Hop) bool {
		return h.Node == self.Node || s.asked[h.Node] || slices.ContainsFunc(s.queue, func(o wire.Hop) bool { return o.Node == h.Node })
	})
	slices.SortStableFunc(fresh, func(a, b wire.Hop) int {
		if near := a.Region == self.Region; near != (b.Region == self.Region) {
			return map[bool]int{true: -1, false: 1}[near]
		}
		return cmp.Compare(a.Load, b.Load)
	})
	return fresh
}

// answer is what a node said.
type answer struct {
	hop wire.Hop
	err error
}

// run asks one node after the other until one says welcome.
func (s *search) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan answer)
	running, asked := 0, 0
	var failures []error
	late := time.NewTimer(hedge)
	defer late.Stop()
	defer func() {
		cancel()
		for ; running > 0; running-- {
			<-answers
		}
	}()
	next := true
	for {
		if len(s.queue) == 0 && running == 0 {
			if len(s.last) == 0 {
				return cmp.Or(errors.Join(failures...), errAlone)
			}
			s.queue, s.last = s.last, nil
		}
		if len(s.queue) > 0 && running < maxAtOnce && (running == 0 || next) && asked < maxAsked {
			hop := s.queue[0]
			s.queue = s.queue[1:]
			s.asked[hop.Node] = true
			hello := s.hello
			running++
			asked++
			go func() { answers <- answer{hop, s.ask(ctx, hop, hello)} }() // waited for above
			late.Reset(hedge)
			next = false
			continue
		}
		if running == 0 {
			return errors.Join(failures...)
		}
		select {
		case a := <-answers:
			running--
			if a.err == nil {
				return nil
			}
			failures = append(failures, fmt.Errorf("%s: %w", a.hop.Node, a.err))
			s.hear(a)
			next = true
		case <-late.C:
			next = true
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// hear follows a refusal to the nodes that it names.
func (s *search) hear(a answer) {
	var no *wire.Refusal
	if !errors.As(a.err, &no) {
		return
	}
	if no.Reason != wire.Farther {
		s.queue = append(s.queue, s.fresh(no.Try)...) // the others of its level first: a broad tree is a fast one
	} else if s.queue = append(s.fresh(no.Try), s.queue...); !s.hello.Insist {
		s.last = append(s.last, a.hop) // if its children do not want us, it must
	}
	if len(s.queue) == 0 {
		s.hello.Insist = true
	}
}

// ask asks one node; nil is a welcome, by which the pull has it.
func (s *search) ask(ctx context.Context, hop wire.Hop, hello wire.Hello) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	patience := time.AfterFunc(askTimeout, func() { cancel(errNoReply) })
	defer patience.Stop()
	err := errAlone
	for _, at := range hop.Relay {
		var l *wire.Link
		if l, err = s.pull.room.dialer.Dial(ctx, at); err != nil {
			continue
		}
		if err = s.greet(ctx, hop, hello, l, patience); err == nil {
			return nil
		}
		var no *wire.Refusal
		if errors.As(err, &no) {
			return err
		}
	}
	return err
}

func (s *search) greet(ctx context.Context, hop wire.Hop, hello wire.Hello, l *wire.Link, patience *time.Timer) error {
	p := &parent{pull: s.pull, link: l, hop: hop, patience: patience, answer: make(chan error, 1), done: make(chan struct{})}
	p.heard.Store(int64(time.Since(s.pull.begun)))
	hello.Sent = time.Now().UnixNano()
	s.pull.room.work.Go(p.run)
	if err := l.Send(&hello); err != nil {
		l.Close(err)
		<-p.done
		return err
	}
	select {
	case err := <-p.answer:
		if err != nil {
			l.Close(err)
			<-p.done
		}
		return err
	case <-ctx.Done():
		select {
		case err := <-p.answer:
			if err == nil {
				return nil // it was there in time
			}
		default:
		}
		l.Close(context.Cause(ctx))
		<-p.done
		return context.Cause(ctx)
	}
}
