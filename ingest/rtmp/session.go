package rtmp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	gortmp "github.com/yutopp/go-rtmp"

	"millrace/transmux/bus"
)

// session is one connection, from accepting it to its end.
//
// It has one context, whose cause is the reason of the end, whoever gives it
// first. run waits for it; the library's goroutine reads and calls the methods
// of the Handler (handler.go, media.go).
type session struct {
	gortmp.DefaultHandler

	server *Server
	lobby  chan<- net.Conn // where the library takes connections from
	log    *slog.Logger
	remote string
	ctx    context.Context
	end    context.CancelCauseFunc

	sock   *socket
	out    *outbox
	filter *filter

	leave  []func() // the rooms for those that do not publish
	began  time.Time
	parted bool // both sides have said goodbye

	// The reading goroutine's; run may look once filter.over is closed.
	library *gortmp.ChunkStreamer
	app     string
	tcURL   string
	name    string
	stream  uint32 // the message stream that publishes or plays
	pub     *bus.Publisher
	reader  mediaReader

	accepted chan *bus.Publisher // by the gate, for run to watch

	link     *Link          // to a peer that watches
	watched  chan struct{}  // it begins to
	watching sync.WaitGroup // what it is sent
}

func newSession(ctx context.Context, server *Server, lobby chan<- net.Conn, conn net.Conn) *session {
	s := &session{
		server: server, lobby: lobby,
		remote:   conn.RemoteAddr().String(),
		sock:     &socket{Conn: conn, total: &server.counters.in},
		began:    time.Now(),
		accepted: make(chan *bus.Publisher, 1),
		watched:  make(chan struct{}, 1),
	}
	s.log = server.log.With("remote", s.remote)
	s.reader.log, s.reader.counters = s.log, &server.counters
	s.ctx, s.end = context.WithCancelCause(ctx)
	return s
}

// run is the whole life of the session. It returns the cause of its end.
func (s *session) run() error {
	defer s.close()
	defer s.leaveRooms()
	defer s.end(nil)
	defer context.AfterFunc(s.ctx, s.sock.stop)()
	s.leave = append(s.leave, s.server.pending.Enter(s.end))
	if err := s.greet(); err != nil {
		s.end(err)
		return s.cause()
	}
	s.leave = append(s.leave, s.server.starting.Enter(s.end))
	go s.out.run()
	s.serve()
	s.partViewer()
	s.sayGoodbye()
	return s.cause()
}

// greet takes the peer to its first command. Up to here it costs a goroutine and
// a few kilobytes.
func (s *session) greet() error {
	cfg := &s.server.cfg
	if err := s.shakeTLS(); err != nil {
		return err
	}
	if err := s.sock.expect("handshake", cfg.HandshakeTimeout); err != nil {
		return fmt.Errorf("deadline: %w", err)
	}
	if err := s.sock.SetWriteDeadline(time.Now().Add(cfg.HandshakeTimeout)); err != nil {
		return fmt.Errorf("deadline: %w", err)
	}
	if err := shakeHands(s.sock); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	if err := s.sock.expect("publish", cfg.PublishTimeout); err != nil {
		return fmt.Errorf("deadline: %w", err)
	}
	s.out = newOutbox(s.sock.Conn, cfg.WriteTimeout, &s.server.counters.out, s.unsent)
	s.filter = newFilter(s.sock, s.out, lengthLimits{video: cfg.MaxVideoMessage}, s)
	return s.filter.awaitConnect()
}

// unsent ends a session whose peer does not take what we say.
func (s *session) unsent(err error) {
	if netGone(err) {
		err = errLeft
	}
	s.end(err)
}

// shakeTLS is the handshake below RTMP's, where there is one. It has as much time
// again, so that a peer that says nothing costs no more than the two.
func (s *session) shakeTLS() error {
	secure, ok := s.sock.Conn.(*tls.Conn)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.server.cfg.HandshakeTimeout)
	defer cancel()
	err := secure.HandshakeContext(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: no TLS handshake within %v", errTimeout, s.server.cfg.HandshakeTimeout)
	default:
		return protocolError("TLS handshake: %w", err)
	}
}

// serve hands the connection to the library and waits until that is done with
// it, while watching for the publisher's end at the bus.
func (s *session) serve() {
	// The library must write nothing in chunks smaller than its messages.
	_, _ = s.out.Write(setChunkSizeMessage(librarySendChunk)) // never fails
	select {
	case s.lobby <- handedOver{s.sock, s}:
	case <-s.ctx.Done():
		return
	}
	var gone <-chan struct{}
	var pub *bus.Publisher
	var ping <-chan time.Time
	for {
		select {
		case pub = <-s.accepted:
			gone = pub.Done()
		case <-s.watched:
			pings := time.NewTicker(pingEvery)
			defer pings.Stop()
			ping = pings.C
		case <-ping:
			s.out.offer(pingMessage(uint32(time.Since(s.began).Milliseconds())))
		case <-gone:
			s.end(pub.Err())
			gone = nil
		case <-s.filter.over:
			if s.library != nil {
				<-s.library.Done() // its writer, which waits for nobody
			}
			return
		}
	}
}

// sayGoodbye sends what is left to say and lets the peer read it: a connection
// closed with unread bytes in it would be reset, and our last words with it.
func (s *session) sayGoodbye() {
	half, ok := s.sock.Conn.(interface{ CloseWrite() error })
	if !s.out.close(lingerTimeout) || !ok || half.CloseWrite() != nil {
		return
	}
	s.sock.linger(lingerTimeout)
	_, err := io.Copy(io.Discard, s.sock.Conn) // until the peer closes too, or the deadline
	s.parted = err == nil
}

// close ends the connection. Unless both sides have said goodbye, what the peer
// has not read is dropped: the kernel would keep it for minutes, for peers that
// will never read.
func (s *session) close() {
	if tcp := tcpOf(s.sock.Conn); tcp != nil && !s.parted {
		_ = tcp.SetLinger(0) // it is gone already, or else lingers
	}
	_ = s.sock.Close() // nobody is left to be told
}

// tcpOf finds the TCP connection under TLS, if there is one at all.
func tcpOf(conn net.Conn) *net.TCPConn {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	tcp, _ := conn.(*net.TCPConn)
	return tcp
}

// leaveRooms gives back the places of a connection that does not publish.
func (s *session) leaveRooms() {
	for _, leave := range s.leave {
		leave()
	}
	s.leave = nil
}

// cause is why the session ends, in the bus's words where it is our own end.
func (s *session) cause() error {
	cause := context.Cause(s.ctx)
	if errors.Is(cause, context.Canceled) {
		return bus.ErrShutdown
	}
	if errors.Is(cause, io.EOF) || errors.Is(cause, io.ErrUnexpectedEOF) {
		return errLeft
	}
	return cause
}

// netGone tells a peer that went away from trouble of our own.
func netGone(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}
