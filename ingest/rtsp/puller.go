package rtsp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"millrace/ingest"
	"millrace/transmux/rtsp"
)

// errNoPackets means that UDP brings nothing from there to here.
var errNoPackets = errors.New("no packet came over UDP")

// setting up takes five answers at most: OPTIONS, DESCRIBE twice where credentials
// are wanted, SETUP of each media, PLAY.
const requests = 6

// Puller fetches streams from cameras and other servers: rtsp:// and rtsps://. It
// is a pull.Puller. Its methods may be called by several goroutines.
type Puller struct {
	room *Room
	tls  *tls.Config

	mu  sync.Mutex
	tcp map[string]bool // sources, by name, that UDP does not reach
}

// NewPuller makes a puller that lets what it fetches in through the room's gate.
// secure may be nil: the system's certificate authorities.
func NewPuller(gate Gate, secure *tls.Config, log *slog.Logger) *Puller {
	return &Puller{room: New(gate, log), tls: secure, tcp: map[string]bool{}}
}

// Pull fetches a source until its connection ends or ctx does, and returns the
// cause. Where the source leaves the transport open, UDP is tried first.
func (p *Puller) Pull(ctx context.Context, source ingest.Source) error {
	udp := source.URL.Scheme == "rtsp" && source.Transport != ingest.TransportTCP
	if source.Transport == ingest.TransportAuto && p.unreached(source.Name) {
		udp = false
	}
	err := p.fetch(ctx, source, udp)
	if source.Transport != ingest.TransportAuto || !udp || ctx.Err() != nil {
		return err
	}
	if errors.Is(err, rtsp.ErrTransport) || errors.Is(err, errNoPackets) {
		p.room.log.Info("rtsp: source is fetched over TCP", "stream", source.Name, "cause", err)
		p.remember(source.Name)
		return p.fetch(ctx, source, false)
	}
	return err
}

func (p *Puller) unreached(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tcp[name]
}

func (p *Puller) remember(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tcp[name] = true
}

// fetch is one connection.
func (p *Puller) fetch(ctx context.Context, source ingest.Source, udp bool) error {
	limits := p.room.limits
	first := limits.signs
	if source.Transport == ingest.TransportAuto {
		first = limits.first
	}
	setup, cancel := context.WithTimeoutCause(ctx, requests*limits.answer, errors.New("it takes too long to answer"))
	defer cancel()
	client, err := rtsp.Dial(setup, rtsp.Target{
		URL: source.URL, UDP: udp, TLS: p.tls, Agent: "millrace", Answer: limits.answer, First: first,
	})
	if err != nil {
		return err
	}
	peer := rtsp.Peer{Stream: source.Name, Remote: address(source)}
	s := newSession(p.room, peer)
	defer context.AfterFunc(ctx, func() { s.cancel(context.Cause(ctx)) })()
	// First our end, so that nobody waits for room in the queue, then the client's.
	defer client.Close()
	defer s.cancel(rtsp.ErrGone)

	s.lossy = udp
	if s.take(client.Media()); len(s.intake.lanes) == 0 {
		return fmt.Errorf("rtsp: %w", errNothing)
	}
	var wanted []int
	for _, l := range s.intake.lanes {
		wanted = append(wanted, l.media)
	}
	if err := client.Play(setup, wanted, s); err != nil {
		return err
	}
	cancel()
	if udp && source.Transport == ingest.TransportAuto {
		if err := s.await(ctx, first); err != nil {
			return err
		}
	}
	if err := s.enter(peer, ""); err != nil {
		return fmt.Errorf("rtsp: %w", err)
	}
	return flow(ctx, client, s)
}

// flow runs a session until it or its connection ends.
func flow(ctx context.Context, client *rtsp.Client, s *session) error {
	s.begin()
	gone := make(chan struct{})
	go func() { // ends with the client, which fetch closes
		defer close(gone)
		s.cancel(client.Wait())
	}()
	cause := s.run()
	if ctx.Err() != nil {
		cause = context.Cause(ctx)
	}
	s.Close(cause)
	client.Close()
	<-gone
	return cause
}

// await is for the first sign that UDP gets through.
func (s *session) await(ctx context.Context, limit time.Duration) error {
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-s.queue.wake:
		signal(s.queue.wake) // it was run's
		return nil
	case <-late.C:
		return fmt.Errorf("rtsp: %w within %v", errNoPackets, limit)
	case <-ctx.Done():
		return fmt.Errorf("rtsp: %w", context.Cause(ctx))
	}
}

// address is where a source is, without credentials.
func address(s ingest.Source) string {
	port := s.URL.Port()
	if port == "" {
		port = map[string]string{"rtsp": "554", "rtsps": "322"}[s.URL.Scheme]
	}
	return net.JoinHostPort(s.URL.Hostname(), port)
}
