package rtmp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"time"

	"millrace/ingest"
)

// PullConfig is the puller's settings. The zero value will do.
type PullConfig struct {
	// MaxVideoMessage bounds one video message in bytes.
	MaxVideoMessage int
	// TLS is for rtmps; nil trusts what the system trusts.
	TLS *tls.Config
}

// Puller fetches streams from other RTMP servers, rtmp:// and rtmps://, by playing
// them. It is a client of our own, since the library's cannot play; what comes in
// takes the way of a publisher's media. Its methods are safe for concurrent use.
type Puller struct {
	cfg      PullConfig
	gate     Gate
	log      *slog.Logger
	counters counters
}

// NewPuller makes a puller that brings what it fetches through the gate.
func NewPuller(cfg PullConfig, gate Gate, log *slog.Logger) *Puller {
	if cfg.MaxVideoMessage <= 0 {
		cfg.MaxVideoMessage = defaultMaxVideoMessage
	}
	return &Puller{cfg: cfg, gate: gate, log: log}
}

// errStreamOver is a server's word that its stream has ended.
var errStreamOver = errors.New("the server says that the stream has ended")

// pulled is one session of a Puller.
type pulled struct {
	puller *Puller
	source ingest.Source
	ctx    context.Context
	end    context.CancelCauseFunc
	client *client
	sock   *socket
	reader mediaReader
	window uint64 // the server wants to hear of so many bytes, 0 never
	acked  uint64
	watch  chan struct{} // ends with the watch over the publisher
}

// Pull fetches one source until ctx or the stream ends, and returns why. Errors
// hold no credentials.
func (p *Puller) Pull(ctx context.Context, source ingest.Source) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	s := &pulled{puller: p, source: source, ctx: ctx, end: end}
	s.reader.counters = &p.counters
	s.reader.log = p.log.With("stream", source.Name)
	err := s.run()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errLeft
	}
	if ctx.Err() != nil { // ours, or the bus's, before what came of it
		err = context.Cause(ctx)
	}
	return fmt.Errorf("rtmp: pull: %w", err)
}

func (s *pulled) run() error {
	a, err := pullAddress(s.source.URL)
	if err != nil {
		return err
	}
	if err := s.dial(a); err != nil {
		return err
	}
	defer s.sock.Close()
	defer context.AfterFunc(s.ctx, s.sock.stop)()
	if err := s.sock.expect("answer to play", clientTimeout); err != nil {
		return fmt.Errorf("deadline: %w", err)
	}
	if err := s.client.beginPlaying(a); err != nil {
		return err
	}
	return s.receive()
}

// pullAddress is where a source is; user and password go the way that a token
// goes, in the query, where other servers of this kind look for them too.
func pullAddress(u *url.URL) (address, error) {
	plain := *u
	if user := u.User; user != nil {
		query := plain.Query()
		query.Set("user", user.Username())
		if password, ok := user.Password(); ok {
			query.Set("pass", password)
		}
		plain.User, plain.RawQuery = nil, query.Encode()
	}
	a, err := parseURL(plain.String())
	if err == nil && (a.key == "" || a.key[0] == '?') {
		err = errors.New("the URL names no stream: it is rtmp://host/app/key")
	}
	return a, err
}

// dial connects, and shakes hands under TLS where the URL wants that.
func (s *pulled) dial(a address) error {
	ctx, cancel := context.WithTimeout(s.ctx, clientTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", a.host)
	if err != nil {
		return err
	}
	if a.scheme == "rtmps" {
		host, _, _ := net.SplitHostPort(a.host)
		cfg := &tls.Config{MinVersion: tls.VersionTLS12}
		if s.puller.cfg.TLS != nil {
			cfg = s.puller.cfg.TLS.Clone()
		}
		if cfg.ServerName == "" {
			cfg.ServerName = host
		}
		secure := tls.Client(conn, cfg)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close() // the handshake's error says more
			return fmt.Errorf("TLS handshake: %w", err)
		}
		conn = secure
	}
	s.sock = &socket{Conn: conn, total: &s.puller.counters.in}
	limits := lengthLimits{video: s.puller.cfg.MaxVideoMessage}
	in := newInlet(s.sock, readBufferPublishing)
	s.client = &client{
		conn: s.sock, patience: clientTimeout,
		in: newChunkReader(in, limits, limits.video+budgetSpare, grainPublishing),
	}
	return nil
}

// receive reads until the stream ends. The gate is opened by the first message
// that belongs to the stream.
func (s *pulled) receive() (err error) {
	begun := time.Now()
	defer func() {
		if s.reader.pub == nil {
			return
		}
		s.end(err) // if there is no cause yet
		<-s.watch
		s.reader.pub.Close()
		if s.reader.trouble != nil {
			s.reader.trouble.flush()
		}
		s.reader.log.Info("rtmp: source closed", "duration", time.Since(begun).Round(time.Millisecond),
			"bytes", s.sock.read, "bad", s.reader.bad, "cause", context.Cause(s.ctx))
	}()
	for {
		var m message
		if err := s.client.in.next(&m); err != nil {
			return err
		}
		m.arrived = s.sock.arrived
		opens, err := s.take(&m)
		if err != nil {
			return err
		}
		if opens && s.reader.pub == nil {
			if err := s.open(); err != nil {
				return err
			}
		}
	}
}

// open lets the stream in, and watches for its end at the bus.
func (s *pulled) open() error {
	pub, err := s.puller.gate.Open(s.ctx, ingest.Request{
		Name: s.source.Name, Protocol: "rtmp", Remote: s.sock.RemoteAddr().String(),
		Numbers: s.reader.tally.Numbers,
	})
	if err != nil {
		return err
	}
	s.reader.pub = pub
	s.puller.counters.published.Add(1)
	s.reader.log.Info("rtmp: source opened", "source", s.source)
	s.watch = make(chan struct{})
	go func() { // receive waits for it
		defer close(s.watch)
		select {
		case <-pub.Done():
			s.end(pub.Err())
		case <-s.ctx.Done():
		}
	}()
	if err := s.sock.expectSigns("media", defaultIdleTimeout); err != nil {
		return fmt.Errorf("deadline: %w", err)
	}
	return nil
}
