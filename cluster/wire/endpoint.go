package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/quic-go/quic-go"
)

const (
	// maxStrangers bounds the connections that have not proved yet who they are.
	maxStrangers = 64
)

// Config is an Endpoint's settings.
type Config struct {
	Address  string // host:port for UDP and TCP alike; port 0 picks one
	Identity *Identity
	NoUDP    bool // TCP only
}

// Endpoint is a node's end of all its links: one UDP socket, and TCP on its number.
type Endpoint struct {
	identity *Identity
	log      *slog.Logger
	udp      *quic.Transport // nil: TCP only
	quic     *quic.Listener
	tcp      net.Listener
	socket   net.PacketConn

	mu    sync.Mutex
	noUDP map[string]time.Time // by address: until when
}

// Listen opens the sockets; Serve takes links on them.
func Listen(cfg Config, log *slog.Logger) (*Endpoint, error) {
	e := &Endpoint{identity: cfg.Identity, log: log, noUDP: make(map[string]time.Time)}
	// Of a port that is picked, the number must be free for both.
	for try := 0; ; try++ {
		err := e.listen(cfg)
		if err == nil {
			return e, nil
		}
		_, port, _ := net.SplitHostPort(cfg.Address)
		if try == 10 || port != "0" || !errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("wire: %w", err)
		}
	}
}

func (e *Endpoint) listen(cfg Config) (err error) {
	if e.tcp, err = net.Listen("tcp", cfg.Address); err != nil {
		return err
	}
	if cfg.NoUDP {
		return nil
	}
	at := e.tcp.Addr().(*net.TCPAddr)
	if e.socket, err = net.ListenUDP("udp", &net.UDPAddr{IP: at.IP, Port: at.Port, Zone: at.Zone}); err != nil {
		e.tcp.Close()
		return err
	}
	e.udp = &quic.Transport{Conn: e.socket}
	if e.quic, err = e.udp.Listen(e.identity.server(), quicConfig()); err != nil {
		e.tcp.Close()
		_ = e.socket.Close()
	}
	return err
}

// Addr is where the endpoint listens.
func (e *Endpoint) Addr() net.Addr { return e.tcp.Addr() }

// Close closes the sockets and with them all links.
func (e *Endpoint) Close() {
	e.tcp.Close()
	if e.udp != nil {
		_ = e.quic.Close()
		_ = e.udp.Close()
		_ = e.socket.Close()
	}
}

// Serve hands links that have proved themselves to handle, each in a goroutine,
// until ctx ends; then it waits for them.
func (e *Endpoint) Serve(ctx context.Context, handle func(ctx context.Context, l *Link)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var work sync.WaitGroup
	stop := context.AfterFunc(ctx, func() {
		e.tcp.Close()
		if e.quic != nil {
			_ = e.quic.Close()
		}
	})
	defer stop()
	serve := func(l *Link) {
		defer l.closeOn(ctx)()
		handle(ctx, l)
		l.Close(nil)
	}
	if e.quic != nil {
		work.Go(func() { e.serveQUIC(ctx, &work, serve) })
	}
	err := e.serveTCP(ctx, &work, serve)
	cancel()
	work.Wait()
	return err
}

func (e *Endpoint) serveQUIC(ctx context.Context, work *sync.WaitGroup, serve func(*Link)) {
	for {
		conn, err := e.quic.Accept(ctx)
		if err != nil {
			return // stopped; a socket that fails fails TCP's too
		}
		work.Go(func() {
			wait, cancel := context.WithTimeout(ctx, handshakeTimeout)
			defer cancel()
			s, err := conn.AcceptStream(wait)
			if err != nil {
				_ = conn.CloseWithError(0, "said nothing")
				return
			}
			serve(newQUIC(conn, s))
		})
	}
}

func newQUIC(conn *quic.Conn, s *quic.Stream) *Link {
	s.SetPriority(urgentControl, false)
	l := &Link{Remote: conn.RemoteAddr().String(), Transport: "quic"}
	l.pipe = &quicPipe{conn: conn, stream: s, budget: &l.received}
	return l
}

func newTCP(conn *tls.Conn) *Link {
	l := &Link{Remote: conn.RemoteAddr().String(), Transport: "tcp"}
	l.pipe = &tcpPipe{conn: conn, budget: &l.received}
	return l
}

func (e *Endpoint) serveTCP(ctx context.Context, work *sync.WaitGroup, serve func(*Link)) error {
	strangers := make(chan struct{}, maxStrangers)
	for {
		conn, err := e.tcp.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("wire: %w", err)
		case err != nil: // out of file descriptors, perhaps
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
			continue
		}
		select {
		case strangers <- struct{}{}:
		default:
			conn.Close()
			continue
		}
		work.Go(func() {
			secure := tls.Server(conn, e.identity.server())
			wait, cancel := context.WithTimeout(ctx, handshakeTimeout)
			err := secure.HandshakeContext(wait)
			cancel()
			<-strangers
			if err != nil {
				e.log.Debug("relay: a stranger was refused", "remote", conn.RemoteAddr().String(), "cause", err)
				conn.Close()
				return
			}
			serve(newTCP(secure))
		})
	}
}
