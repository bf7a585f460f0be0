// Package rtmp takes publishers in over RTMP (Adobe's "Real-Time Messaging
// Protocol 1.0"): OBS, ffmpeg, hardware encoders.
//
// cmd makes a Server and lets it Serve a listener; plain TCP is rtmp://, TLS is
// rtmps://. Publish is the other end, for demonstrations and benches, and Puller
// fetches streams from other servers. Who connects to watch is handed to the
// Player that cmd gives it (playout/rtmp), over a Link. The room knows the gate
// and the bus; it must not know streams' viewers, pages or who runs it.
//
// # Who does what
//
// github.com/yutopp/go-rtmp is the RTMP server: connect, createStream, publish
// and the answers to them. It trusts its peer, so a filter stands before it and
// is the only one to touch the socket. A connection goes through these hands:
//
//   - shakeHands, before the library costs anything;
//   - chunkReader: bytes to whole messages, with a bound on everything;
//   - filter: control messages are answered here; commands and metadata are
//     checked value by value and fed to the library one by one in the plainest
//     chunks; audio and video go straight to the session. They do not pass the
//     library because it cannot carry their timestamps (24 bits and a dialect
//     of type 3 chunks that it does not know), would chunk and copy them once
//     more, and stops at the zero-length ones; past it, it also cannot be made
//     to hold or leak them;
//   - session: the life of the connection, and media to flv.Demuxer, Timeline,
//     bus.Publisher;
//   - outbox: everything said to the peer, by the library or by us.
//
// play and what belongs to it (play.go) do not reach the library either, which
// has nothing for players: the filter gives them to the session. A player's media
// is chunked here and goes out by the outbox in one write for what there is; that
// is also where the viewer is waited for, so that whoever plays need not.
//
// # What the library does not allow
//
// go-rtmp keeps ten fields of connect; what Enhanced RTMP announces there
// (fourCcList, the info maps, capsEx) is lost in it, and its answer is a fixed
// structure. So the filter reads them first (capabilities), and the library's
// answer to those who announced anything is replaced on its way out by one that
// says what we take (answers); everybody else gets the library's. AMF3 is not
// read: messages of types 15 and 17 are taken for the AMF0 that encoders put in
// them, an AMF3 value in there counts as null, and the answer to connect says
// objectEncoding 0, which makes a client use AMF0.
//
// The filter reads on the library's goroutine, and gives it one message at a
// time: when media is read, the publish before it has been decided.
package rtmp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	gortmp "github.com/yutopp/go-rtmp"
	rtmpmsg "github.com/yutopp/go-rtmp/message"

	"millrace/ingest"
	"millrace/transmux/bus"
	"millrace/transmux/waiting"
)

// Gate lets publishers in; ingest.Gate is one. ctx is the session's.
type Gate interface {
	Open(ctx context.Context, r ingest.Request) (*bus.Publisher, error)
}

// Server takes publishers in over RTMP.
type Server struct {
	cfg      Config
	gate     Gate
	log      *slog.Logger
	quiet    *logrus.Logger // the library's log says nothing that ours does not
	pending  *waiting.Room  // connections that do not publish
	starting *waiting.Room  // of these, the ones that the library runs for
	turned   reporter       // connections that came to nothing
	counters counters
	movables movables
}

// New makes a server that lets publishers in through the gate.
func New(cfg Config, gate Gate, log *slog.Logger) *Server {
	s := &Server{cfg: cfg.withDefaults(), gate: gate, log: log, quiet: logrus.New()}
	s.quiet.SetOutput(io.Discard)
	s.quiet.SetLevel(logrus.PanicLevel)
	s.pending = waiting.New(s.cfg.MaxPending, errCrowded)
	s.starting = waiting.New(min(maxStarting, s.cfg.MaxPending), errCrowded)
	s.turned.report = func(count int, last error) {
		log.Info("rtmp: connections came to nothing", "count", count, "last", last)
	}
	return s
}

// Serve takes connections from l until ctx ends, then tells every publisher so,
// and returns nil once all of their goroutines have ended. It closes l. An error
// means that l broke. Several listeners may be served at once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	lobby := &lobby{conns: make(chan net.Conn), closed: make(chan struct{}), addr: l.Addr()}
	library := gortmp.NewServer(&gortmp.ServerConfig{OnConnect: s.connConfig})

	var served, sessions sync.WaitGroup
	served.Go(func() { _ = library.Serve(lobby) }) // ends with ErrClosed
	stopped := context.AfterFunc(ctx, func() { _ = l.Close() })

	err := s.accept(ctx, l, func(conn net.Conn) {
		sessions.Go(func() { s.session(ctx, lobby.conns, conn) })
	})
	cancel()
	stopped()
	_ = l.Close()
	sessions.Wait()
	_ = library.Close()
	_ = lobby.Close() // once more: the library forgets a listener it has not begun to serve
	served.Wait()
	s.turned.flush()
	return err
}

// accept passes connections on until the listener is closed. Other errors, such
// as too many open files, pass: it waits and goes on.
func (s *Server) accept(ctx context.Context, l net.Listener, pass func(net.Conn)) error {
	const shortest, longest = 5 * time.Millisecond, time.Second
	pause := shortest
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			pause = shortest
			s.counters.accepted.Add(1)
			pass(conn)
			continue
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("rtmp: accept: %w", err)
		}
		s.counters.acceptErrors.Add(1)
		s.turned.add(fmt.Errorf("accept: %w", err))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, longest)
	}
}

// session runs one connection and says how it ended.
func (s *Server) session(ctx context.Context, lobby chan<- net.Conn, conn net.Conn) {
	s.counters.connections.Add(1)
	defer s.counters.connections.Add(-1)
	if tcp := tcpOf(conn); tcp != nil {
		_ = tcp.SetWriteBuffer(sendBuffer) // or else the default
	}
	ss := newSession(ctx, s, lobby, conn)
	cause := ss.run()
	if ss.filter != nil {
		s.counters.ignored.Add(ss.filter.ignored)
	}
	if ss.link != nil && ss.link.began {
		return // who plays has said how it ended
	}
	if ss.pub == nil {
		s.counters.refuse(reasonOf(cause))
		s.turned.add(fmt.Errorf("%s: %w", ss.remote, cause))
		return
	}
	if ss.reader.trouble != nil {
		ss.reader.trouble.flush()
	}
	ss.log.Info("rtmp: publisher closed", "duration", time.Since(ss.began).Round(time.Millisecond),
		"bytes", ss.sock.read, "bad", ss.reader.bad, "cause", cause)
}

// connConfig is the library's OnConnect.
func (s *Server) connConfig(conn net.Conn) (io.ReadWriteCloser, *gortmp.ConnConfig) {
	ss := conn.(handedOver).session
	return ss.filter, &gortmp.ConnConfig{
		Handler:                                 ss,
		SkipHandshakeVerification:               true, // it shakes hands with the filter
		IgnoreMessagesOnNotExistStream:          true,
		IgnoreMessagesOnNotExistStreamThreshold: maxStrays,
		ReaderBufferSize:                        libraryBuffer,
		WriterBufferSize:                        libraryBuffer,
		ControlState: gortmp.StreamControlStateConfig{
			MaxChunkStreams:   maxChunkStreams,
			MaxMessageStreams: maxMessageStreams,
		},
		Logger:  s.quiet,
		RPreset: connectResult{},
	}
}

// connectResult is what the library puts into the answer to connect. Encoders
// look for a Flash Media Server there.
type connectResult struct{}

func (connectResult) GetServerConnectResultProperties() rtmpmsg.NetConnectionConnectResultProperties {
	return rtmpmsg.NetConnectionConnectResultProperties{FMSVer: "FMS/3,0,1,123", Capabilities: 31, Mode: 1}
}

func (connectResult) GetServerConnectResultData() map[string]any {
	return map[string]any{"version": "3,0,1,123"}
}

// handedOver is a connection on its way through the library's listener.
type handedOver struct {
	net.Conn
	session *session
}

// lobby is the listener that the library serves: connections that have shaken
// hands and said connect.
type lobby struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
	addr   net.Addr
}

func (l *lobby) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *lobby) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *lobby) Addr() net.Addr { return l.addr }
