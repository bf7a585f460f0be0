package rtsp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// lobby is the listener that the library is given. It bounds the connections that
// have not come to the point, and goes on when one Accept fails: the library would
// end.
type lobby struct {
	net.Listener
	ctx    context.Context
	server *Server
}

// Accept passes on the next connection, in its own clothes.
func (l *lobby) Accept() (net.Conn, error) {
	const shortest, longest = 5 * time.Millisecond, time.Second
	for pause := shortest; ; pause = min(2*pause, longest) {
		conn, err := l.Listener.Accept()
		switch {
		case err == nil:
			return l.server.receive(conn), nil
		case l.ctx.Err() != nil, errors.Is(err, net.ErrClosed):
			return nil, net.ErrClosed
		}
		l.server.counters.acceptErrors.Add(1)
		l.server.log.Debug("rtsp: accept", "error", err)
		select {
		case <-l.ctx.Done():
			return nil, net.ErrClosed
		case <-time.After(pause):
		}
	}
}

// receive makes a link of a connection and gives it a place among those that wait.
func (s *Server) receive(conn net.Conn) *link {
	s.counters.accepted.Add(1)
	below := conn
	if secure, ok := conn.(*tls.Conn); ok {
		below = secure.NetConn()
	}
	if tcp, ok := below.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{
			Enable: true, Idle: probeIdle, Interval: probeInterval, Count: probeCount,
		}) // or else the system's
		_ = tcp.SetWriteBuffer(writeBuffer) // likewise
	}
	c := newLink(conn, s.cfg.SetupTimeout)
	c.leave = s.waiting.Enter(c.turnOut)
	return c
}
