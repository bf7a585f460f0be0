// Package jetstream is the directory's store for a cluster: a key-value bucket of
// NATS JetStream, in memory, with as many copies as there are servers, and plain
// NATS messages. The servers are embedded in some of the nodes, or run by
// somebody else.
//
// cmd/millrace makes it and hands it to a directory.Directory. It knows keys,
// revisions and messages; it must not know what they mean.
//
// Everything that leaves the process is sealed with a key made of the cluster's
// secret, names of keys included: on a NATS that others use too, they see how
// much is said, and nothing of what. The nodes' own servers besides want TLS with
// a certificate of the cluster before they say a word.
package jetstream

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"millrace/cluster/directory"
)

const (
	// connectTimeout bounds one attempt to connect to one server.
	connectTimeout = 2 * time.Second
	// pingInterval, twice without an answer, is when a server that is silent is
	// left for another one.
	pingInterval = 2 * time.Second
	// Between attempts to connect, once every server was tried.
	firstDelay = 100 * time.Millisecond
	mostDelay  = 2 * time.Second
	// bufferWhileAway is for what is published between two servers: some beats.
	bufferWhileAway = 256 << 10
	// maxArrived is how many messages may wait for their handlers; a clerk of
	// thousands of nodes has thousands a second. What is more is dropped, and
	// the next beat repairs it.
	maxArrived = 16 << 10
)

// Config says where the servers are.
type Config struct {
	// Node is the name that the servers' operators see.
	Node string
	// Secret is the cluster's.
	Secret string
	// Server is the one embedded in this process; nil if there is none.
	Server *Server
	// URLs are those of other servers; used only if Server is nil.
	URLs []string
	// TLS is what this node shows the servers of other nodes, and asks of
	// them. Nil for a NATS that somebody else runs: its URLs say what it wants.
	TLS *tls.Config
	// Replicas is how many copies the servers keep: of the embedded servers as
	// many as there are, of others what is wanted here. Zero: the bucket is
	// somebody else's to make.
	Replicas int
}

// Store is a directory.Store.
type Store struct {
	cfg    Config
	log    *slog.Logger
	seal   *seal
	prefix string // of subjects
	bucket string

	nc *nats.Conn
	js jetstream.JetStream

	stop context.CancelFunc
	wg   sync.WaitGroup
	kick chan struct{} // wakes mind

	arrived chan *nats.Msg // of all subscriptions

	mu       sync.Mutex
	stream   jetstream.Stream // of the bucket, as it was found last
	copies   Copies           // as of the last look
	epoch    uint64
	epochs   uint64
	cause    error
	changed  chan struct{}
	moved    bool // to another server since the last look
	closedBy error
	handlers map[*nats.Subscription]nats.MsgHandler
}

var _ directory.Store = (*Store)(nil)

// Open makes the store. It connects, and goes on trying to, behind the caller's
// back: Online says how it stands.
func Open(cfg Config, log *slog.Logger) (*Store, error) {
	seal, err := newSeal(cfg.Secret)
	if err != nil {
		return nil, err
	}
	s := &Store{
		cfg: cfg, log: log, seal: seal,
		prefix: "millrace." + seal.tag(), bucket: "millrace_" + seal.tag(),
		kick: make(chan struct{}, 1), changed: make(chan struct{}),
		arrived: make(chan *nats.Msg, maxArrived), handlers: make(map[*nats.Subscription]nats.MsgHandler),
		cause: fmt.Errorf("%w: not connected yet", directory.ErrUnreachable),
	}
	if err := s.connect(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.wg.Go(func() { s.mind(ctx) })
	s.wg.Go(func() { s.deliver(ctx) })
	return s, nil
}

// Close says goodbye to the servers. An embedded one goes on.
func (s *Store) Close() {
	s.stop()
	s.wg.Wait()
	if s.nc.Status() == nats.CONNECTED {
		_ = s.nc.FlushTimeout(time.Second) // the last word may be a farewell
	}
	s.nc.Close()
}

func (s *Store) connect() error {
	options := []nats.Option{
		nats.Name("millrace " + s.cfg.Node),
		nats.Timeout(connectTimeout),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.CustomReconnectDelay(backOff),
		nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(2),
		nats.ReconnectBufSize(bufferWhileAway),
		nats.CustomInboxPrefix("_INBOX." + s.seal.tag()),
		nats.ConnectHandler(func(*nats.Conn) { s.wake(true) }),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			s.log.Info("directory: moved to another server", "server", nc.ConnectedServerName())
			s.wake(true)
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			s.log.Debug("directory: disconnected from the server", "cause", err)
			s.wake(false)
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			s.log.Warn("directory: NATS", "cause", err)
		}),
	}
	var urls string
	switch {
	case s.cfg.Server != nil:
		options = append(options, nats.InProcessServer(s.cfg.Server.server), nats.UserInfo(userName, s.seal.password()))
	default:
		for i, u := range s.cfg.URLs {
			if i > 0 {
				urls += ","
			}
			urls += u
		}
		if s.cfg.TLS != nil {
			options = append(options, nats.Secure(s.cfg.TLS), nats.TLSHandshakeFirst(), nats.UserInfo(userName, s.seal.password()))
		}
	}
	nc, err := nats.Connect(urls, options...)
	if err != nil {
		return fmt.Errorf("jetstream: %w", err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return fmt.Errorf("jetstream: %w", err)
	}
	s.nc, s.js = nc, js
	return nil
}

// backOff is how long to wait after all servers were tried that many times.
func backOff(attempts int) time.Duration {
	delay := mostDelay
	if attempts < 5 {
		delay = firstDelay << attempts
	}
	return delay/2 + jitter(delay/2)
}
