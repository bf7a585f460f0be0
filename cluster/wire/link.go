package wire

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// Link is one connection between two nodes, both of which have proved that they
// belong to the cluster.
type Link struct {
	pipe pipe
	// Remote is the peer's address, Transport "quic" or "tcp".
	Remote, Transport string

	received budget
	sent     atomic.Uint64 // frames

	handling sync.Mutex
}

// pipe is what carries a link's messages.
type pipe interface {
	// control sends a message; it may wait for writeTimeout.
	control(b []byte) error
	// frames sends messages that need not keep their place among others. It waits
	// until the transport has taken them. cancel takes back what has not arrived
	// yet, if that can be had.
	frames(b []byte, urgent bool, stop func() bool) (cancel func(), err error)
	// run reads until the end; handle is called from several goroutines.
	run(handle func(t Type, body []byte) error) error
	close(err error)
}

// Sent is how many frames have been sent.
func (l *Link) Sent() uint64 { return l.sent.Load() }

// Send sends a message. It is safe for concurrent use.
func (l *Link) Send(m Message) error { return l.pipe.control(Encode(m)) }

// SendPing sends a ping.
func (l *Link) SendPing(p Ping) error { return l.pipe.control(AppendPing(nil, p)) }

// SendPong answers one.
func (l *Link) SendPong(p Pong) error { return l.pipe.control(AppendPong(nil, p)) }

// SendFrames sends n frames, encoded one after the other, which go ahead of others
// if they are urgent. It waits until the transport has taken them: a line that is
// too slow is felt here. While it waits it asks stop now and then whether to give
// up. cancel takes them back as far as they have not arrived yet.
func (l *Link) SendFrames(b []byte, n int, urgent bool, stop func() bool) (cancel func(), err error) {
	cancel, err = l.pipe.frames(b, urgent, stop)
	if err == nil {
		l.sent.Add(uint64(n))
	}
	return cancel, err
}

// Run reads messages until the link ends, and returns why. handle is called with
// one after the other: what Decode makes of it, for frames a *Frame. Its error
// ends the link.
func (l *Link) Run(handle func(m any) error) error {
	err := l.pipe.run(func(t Type, body []byte) error {
		m, err := Decode(t, body)
		if err != nil || m == nil {
			return err
		}
		l.handling.Lock()
		defer l.handling.Unlock()
		return handle(m)
	})
	l.pipe.close(err)
	return err
}

// Close ends the link; Run returns.
func (l *Link) Close(err error) {
	if err == nil {
		err = ErrClosed
	}
	l.pipe.close(err)
}

var errStops = errors.New("the node stops")

// closeOn closes the link when ctx ends first.
func (l *Link) closeOn(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { l.Close(errStops) })
}
