package port

import (
	"bufio"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// helloTimeout is for the first authenticated check: a client sends one as
	// soon as the connection stands, and again every half second.
	helloTimeout = 5 * time.Second
	// idleTimeout ends a connection over which nothing comes: consent to send is
	// lost after as long (RFC 7675 section 5.1).
	idleTimeout = 30 * time.Second
	// renewal is how often the deadline of a busy connection is moved.
	renewal = time.Second
	// closeLinger is what a released connection has for its last words: the DTLS
	// close_notify may come after the release.
	closeLinger = time.Second
)

var errStranger = errors.New("the first frame was no connectivity check of a session")

// stream is one TCP connection of a peer: frames of RFC 4571 with the packets
// that would be datagrams. One goroutine reads it; another one writes while there
// is something to write (queue.go).
type stream struct {
	port   *Port
	conn   *net.TCPConn
	remote netip.AddrPort

	mu       sync.Mutex
	endpoint Endpoint  // nil before the first authenticated check, and after release
	known    bool      // there was one
	closeBy  time.Time // set once it is to be closed
	closed   bool
	queue    queue
	writer   sync.WaitGroup
}

func newStream(p *Port, conn *net.TCPConn) (*stream, error) {
	remote, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return nil, net.ErrClosed
	}
	tune(conn)
	at := remote.AddrPort()
	s := &stream{port: p, conn: conn, remote: netip.AddrPortFrom(at.Addr().Unmap(), at.Port())}
	return s, conn.SetReadDeadline(time.Now().Add(helloTimeout))
}

// host is whose connections are counted together.
func (s *stream) host() netip.Prefix {
	addr := s.remote.Addr().WithZone("")
	prefix, _ := addr.Prefix(min(addr.BitLen(), hostBits))
	return prefix
}

func (s *stream) path() Path { return Path{Remote: s.remote, stream: s} }

// serve reads until the connection ends, then tells the endpoint.
func (s *stream) serve() {
	_ = s.read() // what the peer did wrong is of no use to anybody but its author
	s.mu.Lock()
	s.closed = true
	endpoint := s.endpoint
	known := s.known
	s.mu.Unlock()
	_ = s.conn.Close()
	s.writer.Wait()
	s.discard()
	s.port.crowd.leave(s)
	if !known {
		s.port.stats.tcpRefused.Add(1)
	}
	if endpoint != nil {
		endpoint.Lost(s.path())
	}
}

func (s *stream) read() error {
	r := bufio.NewReaderSize(s.conn, readBuffer)
	path := s.path()
	var renewed time.Time
	for {
		packet, err := peekFrame(r)
		if err != nil {
			return err
		}
		if err := s.take(packet, path); err != nil {
			return err
		}
		_, _ = r.Discard(frameHeader + len(packet)) // it is there
		if now := time.Now(); now.Sub(renewed) > renewal && s.extend(now) {
			renewed = now
		}
	}
}

// take hands a packet on. A connection that does not begin with a check of some
// session's is none of ours.
func (s *stream) take(packet []byte, path Path) error {
	s.port.stats.received.Add(1)
	if e := s.port.mux.find(packet, &path); e != nil {
		e.Receive(packet, path)
		return nil
	}
	s.port.stats.unknown.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.known {
		return errStranger
	}
	return nil
}

// extend moves the read deadline of a connection that belongs to a session.
func (s *stream) extend(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endpoint == nil {
		return false
	}
	return s.conn.SetReadDeadline(now.Add(idleTimeout)) == nil
}

func (s *stream) owner() Endpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.endpoint
}

func (s *stream) bind(e Endpoint) {
	s.mu.Lock()
	first := !s.known
	s.known = true
	if s.closeBy.IsZero() {
		s.endpoint = e
	}
	s.mu.Unlock()
	if first {
		s.port.crowd.admit(s)
	}
}

// release closes the connection if it is that endpoint's.
func (s *stream) release(e Endpoint) {
	s.mu.Lock()
	owned := s.endpoint == e
	s.mu.Unlock()
	if owned {
		s.finish(false)
	}
}

// finish lets the connection go: what waits is still written, and what comes
// within closeLinger; at once closes it as soon as there is nothing to write.
func (s *stream) finish(atOnce bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endpoint = nil
	if s.closeBy.IsZero() {
		s.closeBy = time.Now().Add(closeLinger)
	}
	s.queue.last = s.queue.last || atOnce
	_ = s.conn.SetReadDeadline(s.closeBy)
	_ = s.conn.SetWriteDeadline(s.closeBy)
	if atOnce && !s.queue.busy {
		_ = s.conn.Close()
	}
}

func (s *stream) gone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed || !s.closeBy.IsZero()
}
