package turn

import (
	"bufio"
	"container/list"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"
)

// errFrame says that a connection carries something else than TURN.
var errFrame = errors.New("turn: not a TURN message")

// listener accepts for the library, which stops at the first error and asks nobody how
// many it may have.
type listener struct {
	net.Listener
	room   *Room
	secure *tls.Config // nil for plain connections
	done   chan struct{}
}

// acceptPause is how long to wait for a file descriptor to become free.
const acceptPause = 50 * time.Millisecond

// Accept is net.Listener's.
func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			if isClosed(err) {
				return nil, err
			}
			pause := time.NewTimer(acceptPause)
			select {
			case <-pause.C:
			case <-l.done:
				pause.Stop()
				return nil, net.ErrClosed
			}
			continue
		}
		if s := l.take(conn); s != nil {
			return s, nil
		}
	}
}

func (l *listener) take(conn net.Conn) *stream {
	at, ok := endsOf(conn.RemoteAddr(), conn.LocalAddr())
	if !ok {
		_ = conn.Close()
		return nil
	}
	s := &stream{Conn: conn, raw: conn, room: l.room, ends: at}
	if l.secure != nil {
		s.Conn = tls.Server(conn, l.secure)
	}
	s.reader = bufio.NewReaderSize(s.Conn, maxFrame)
	turnedOut, ok := l.room.crowd.enter(s)
	if turnedOut != nil {
		l.room.stats.refuse(refusedWaiting)
		_ = turnedOut.Close()
	}
	if !ok {
		_ = conn.Close()
		return nil
	}
	return s
}

// Close is net.Listener's.
func (l *listener) Close() error {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
	return l.Listener.Close()
}

// stream is a client's connection. It hands the library whole messages only, of a
// length that it can take: left alone with the bytes it would turn round and round a
// length that overflows 16 bits, and keep however much comes slowly.
//
// It hides that the connection may be TLS, of which the library would leave those open
// that fail; the handshake comes with the first read, under the same deadline.
type stream struct {
	net.Conn
	raw    net.Conn // below TLS
	room   *Room
	ends   ends
	reader *bufio.Reader
	place  *list.Element // in the crowd's, and guarded by it; nil with a relay
}

// Read gives one message.
func (s *stream) Read(into []byte) (int, error) {
	head, err := s.reader.Peek(4)
	if err != nil {
		return 0, s.fail(err)
	}
	size, ok := frameSize(head)
	if !ok || size > len(into) || size > maxFrame {
		return 0, s.fail(errFrame)
	}
	n, err := io.ReadFull(s.reader, into[:size])
	if err != nil {
		return n, s.fail(err)
	}
	return n, nil
}

// frameSize is how long a message is that begins so (RFC 8656 section 12.5, RFC 8489
// section 5), bytes.
func frameSize(head []byte) (int, bool) {
	length := int(binary.BigEndian.Uint16(head[2:]))
	switch head[0] >> 6 {
	case 0: // STUN
		return 20 + length, length%4 == 0
	case 1: // ChannelData, padded over connections
		return 4 + (length+3)&^3, true
	default:
		return 0, false
	}
}

// fail closes the connection: the library ends with the first error too.
func (s *stream) fail(err error) error {
	_ = s.Close()
	return err
}

// Write is net.Conn's. A client that takes nothing is cut off: what it may not have
// any more must not wait for it.
func (s *stream) Write(data []byte) (int, error) {
	_ = s.Conn.SetWriteDeadline(time.Now().Add(writeTime))
	n, err := s.Conn.Write(data)
	if err != nil {
		_ = s.Close()
	}
	return n, err
}

// Close is net.Conn's. It waits for nobody to take TLS's farewell.
func (s *stream) Close() error {
	s.room.crowd.leave(s)
	return s.raw.Close()
}

// settle hears from the library that a client has a relay, and unsettle that it is gone.
func (r *Room) settle(client, own net.Addr, _, _, _ string, _ net.Addr, _ int) {
	if at, ok := endsOf(client, own); ok {
		r.crowd.settle(at)
	}
}

func (r *Room) unsettle(client, own net.Addr, _, _, _ string) {
	if at, ok := endsOf(client, own); ok {
		r.crowd.unsettle(at)
	}
}
