package jetstream

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	// clusterName is that of the servers among themselves.
	clusterName = "millrace"
	// maxMemory is far more than the directory of any cluster: a key is a
	// kilobyte.
	maxMemory = 2 << 30
	// maxDisk is for the servers' log of who leads; the directory itself is in
	// memory only.
	maxDisk = 256 << 20
	// startTimeout is for opening the ports.
	startTimeout = 5 * time.Second
	// maxControlLine and maxPending bound what one connection may make the
	// server keep; the largest message is the list of nodes.
	maxPayload = 4 << 20
	// handshakeSeconds is how long a connection has for TLS and its password.
	handshakeSeconds = 2
)

// ServerConfig is how a server embedded in this node is reached.
type ServerConfig struct {
	// Node names the server; it must stay the same when the node starts anew.
	Node string
	// Secret is the cluster's.
	Secret string
	// Listen is where the other nodes' clients connect, Routes where the other
	// servers do.
	Listen, Routes string
	// Peers are all servers' Routes addresses; this one's may be among them.
	// Without Peers the server is alone, and Routes is not opened.
	Peers []string
	// TLS is what the server shows those who connect, and asks of them; PeerTLS
	// is for connections that it begins.
	TLS *tls.Config
}

// Server is a NATS server in this process. It wants TLS with a certificate of the
// cluster from everybody, and a password made of its secret.
type Server struct {
	server *server.Server
	dir    string
}

// StartServer opens the ports and serves until Stop.
func StartServer(cfg ServerConfig, log *slog.Logger) (*Server, error) {
	seal, err := newSeal(cfg.Secret)
	if err != nil {
		return nil, err
	}
	// Only the log of elections is on disk, and it is worth nothing after the
	// process: what the directory held is in memory, and the nodes say it anew.
	dir, err := os.MkdirTemp("", "millrace-directory-")
	if err != nil {
		return nil, fmt.Errorf("jetstream: %w", err)
	}
	s := &Server{dir: dir}
	options, err := cfg.options(seal, dir)
	if err == nil {
		s.server, err = server.NewServer(options)
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("jetstream: %w", err)
	}
	s.server.SetLoggerV2(&logger{log: log}, false, false, false)
	s.server.Start()
	if !s.server.ReadyForConnections(startTimeout) {
		s.Stop()
		return nil, fmt.Errorf("jetstream: the server did not open %s; is the port free?", cfg.Listen)
	}
	return s, nil
}

func (cfg ServerConfig) options(seal *seal, dir string) (*server.Options, error) {
	host, port, err := split(cfg.Listen)
	if err != nil {
		return nil, err
	}
	o := &server.Options{
		ServerName: serverPrefix + cfg.Node, Host: host, Port: port,
		Users:  []*server.User{{Username: userName, Password: seal.password()}},
		NoSigs: true, JetStream: true, StoreDir: dir, DisableJetStreamBanner: true,
		JetStreamMaxMemory: maxMemory, JetStreamMaxStore: maxDisk,
		MaxPayload: maxPayload, PingInterval: pingInterval, MaxPingsOut: 2,
		TLSConfig: cfg.TLS, TLS: cfg.TLS != nil, TLSVerify: cfg.TLS != nil, TLSHandshakeFirst: cfg.TLS != nil,
		TLSTimeout: handshakeSeconds, AuthTimeout: 2 * handshakeSeconds,
	}
	if len(cfg.Peers) == 0 {
		return o, nil
	}
	if host, port, err = split(cfg.Routes); err != nil {
		return nil, err
	}
	o.Cluster = server.ClusterOpts{
		Name: clusterName, Host: host, Port: port, TLSConfig: cfg.TLS, TLSTimeout: handshakeSeconds,
		PingInterval: pingInterval, MaxPingsOut: 2, Compression: server.CompressionOpts{Mode: server.CompressionOff},
	}
	for _, peer := range cfg.Peers {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: peer})
	}
	return o, nil
}

func split(address string) (host string, port int, err error) {
	host, number, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("jetstream: %w", err)
	}
	if port, err = strconv.Atoi(number); err != nil {
		return "", 0, fmt.Errorf("jetstream: %w", err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	if host == "" {
		host = "::" // all addresses, of both kinds
	}
	return host, port, nil
}

// Addr is where clients connect.
func (s *Server) Addr() net.Addr { return s.server.Addr() }

// RoutesAddr is where other servers connect; nil if it is alone.
func (s *Server) RoutesAddr() net.Addr {
	if a := s.server.ClusterAddr(); a != nil {
		return a
	}
	return nil
}

// Stop ends the server.
func (s *Server) Stop() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
	_ = os.RemoveAll(s.dir)
}

// Traffic is what passed a server since it began.
type Traffic struct{ In, Out, Bytes uint64 }

// Traffic counts the messages that clients sent and were sent, and the bytes of
// the latter.
func (s *Server) Traffic() Traffic {
	v, err := s.server.Varz(nil)
	if err != nil {
		return Traffic{}
	}
	return Traffic{uint64(v.InMsgs), uint64(v.OutMsgs), uint64(v.OutBytes)}
}
