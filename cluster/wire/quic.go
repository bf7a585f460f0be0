package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
)

// quicConfig is for both ends. Windows are such that a joining GOP does not wait
// for them.
func quicConfig() *quic.Config {
	return &quic.Config{
		HandshakeIdleTimeout:           2 * time.Second,
		MaxIdleTimeout:                 idle,
		KeepAlivePeriod:                keepAlive,
		InitialStreamReceiveWindow:     4 << 20,
		MaxStreamReceiveWindow:         MaxFrame + 1<<20,
		InitialConnectionReceiveWindow: 16 << 20,
		MaxConnectionReceiveWindow:     maxPending,
		MaxIncomingStreams:             1,
		MaxIncomingUniStreams:          maxStreams,
	}
}

// quicPipe has one stream both ways for control, and one for each frame.
type quicPipe struct {
	conn   *quic.Conn
	budget *budget

	mu      sync.Mutex // guards writes to stream
	stream  *quic.Stream
	closing sync.Once
}

const (
	// urgencies (RFC 9218): control, sound, pictures.
	urgentControl, urgentSound, urgentPicture = 0, 1, 2
	// asking is how often a sender that waits looks whether to give up.
	asking = 250 * time.Millisecond
)

// ErrGivenUp means that stop said so.
var ErrGivenUp = errors.New("frame was given up")

func (p *quicPipe) control(b []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.stream.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := p.stream.Write(b); err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	return nil
}

func (p *quicPipe) frames(b []byte, urgent bool, stop func() bool) (func(), error) {
	s, err := p.open(stop)
	if err != nil {
		return nil, err
	}
	urgency := int8(urgentPicture)
	if urgent {
		urgency = urgentSound
	}
	s.SetPriority(urgency, false) // in order: the older frame is the one that is needed first
	cancel := func() { s.CancelWrite(0) }
	for len(b) > 0 {
		_ = s.SetWriteDeadline(time.Now().Add(asking))
		n, err := s.Write(b)
		b = b[n:]
		switch {
		case err == nil:
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return nil, fmt.Errorf("wire: %w", err)
		case stop():
			cancel()
			return nil, ErrGivenUp
		}
	}
	if err := s.Close(); err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	return cancel, nil
}

// open waits for a stream: the peer lets only so many frames be under way.
func (p *quicPipe) open(stop func() bool) (*quic.SendStream, error) {
	for {
		if s, err := p.conn.OpenUniStream(); err == nil {
			return s, nil
		}
		ctx, cancel := context.WithTimeout(p.conn.Context(), asking)
		s, err := p.conn.OpenUniStreamSync(ctx)
		cancel()
		switch {
		case err == nil:
			return s, nil
		case p.conn.Context().Err() != nil:
			return nil, fmt.Errorf("wire: %w", context.Cause(p.conn.Context()))
		case stop():
			return nil, ErrGivenUp
		}
	}
}

func (p *quicPipe) run(handle func(Type, []byte) error) error {
	var work sync.WaitGroup
	var once sync.Once
	var cause error
	fail := func(err error) {
		once.Do(func() {
			cause = plain(err)
			p.close(err)
		})
	}
	work.Go(func() { fail(p.read(p.stream, handle)) })
	for {
		s, err := p.conn.AcceptUniStream(p.conn.Context())
		if err != nil {
			fail(err)
			break
		}
		work.Go(func() {
			err := p.read(s, handle)
			var reset *quic.StreamError
			if err == nil || errors.Is(err, io.EOF) || errors.As(err, &reset) {
				s.CancelRead(0)
				return // the sender has taken it back
			}
			fail(err)
		})
	}
	work.Wait()
	return cause
}

// plain is an error in the words of whoever closed the connection.
func plain(err error) error {
	var closed *quic.ApplicationError
	switch {
	case !errors.As(err, &closed):
		return err
	case closed.Remote:
		return errors.New("the other node closed the link: " + short(closed.ErrorMessage))
	default:
		return errors.New(closed.ErrorMessage)
	}
}

// readers are used by one frame after the other.
var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 2048) }}

func (p *quicPipe) read(from io.Reader, handle func(Type, []byte) error) error {
	r := readers.Get().(*bufio.Reader)
	r.Reset(from)
	defer func() {
		r.Reset(nil)
		readers.Put(r)
	}()
	return readMessages(r, p.budget, handle)
}

func (p *quicPipe) close(err error) {
	p.closing.Do(func() {
		words := "closed"
		if err != nil {
			words = short(err.Error())
		}
		_ = p.conn.CloseWithError(0, words[:min(len(words), 200)])
	})
}
