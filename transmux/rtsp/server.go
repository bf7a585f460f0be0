package rtsp

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"millrace/transmux/waiting"
)

// Publishers take streams in; ingest/rtsp is one.
type Publishers interface {
	// Announce lets a publisher in, or says why not with a Refusal.
	Announce(p Peer, media []Media) (Publication, error)
}

// Publication is one publisher's session. Close is called last, the others between
// Begin and Close.
type Publication interface {
	Sink
	// Begin says that media will come. lossy is true of UDP; a Sink may hold up a
	// caller that is not. end ends the session.
	Begin(lossy bool, end func(cause error))
	Close(cause error)
}

// Sink takes what comes of the media of a session. It may keep the packets, and is
// called by several goroutines.
type Sink interface {
	RTP(media int, p *rtp.Packet, arrived time.Time)
	RTCP(media int, p rtcp.Packet, arrived time.Time)
	// Alive is a sign of life without media.
	Alive()
	// Alone says that the connection over which the session was made is gone,
	// while its media go another way.
	Alone()
	// Trouble is a packet that could not be used.
	Trouble(err error)
}

// Viewers give streams out; playout/rtsp is one.
type Viewers interface {
	// Describe lets a viewer in, or says why not with a Refusal. end ends it for that
	// cause: before, while and after it plays, and from any goroutine.
	Describe(ctx context.Context, p Peer, end func(cause error)) (Viewing, error)
}

// Viewing is one viewer, from DESCRIBE on. Close is called once.
type Viewing interface {
	Media() []Media
	// Play begins to send, at once and without waiting; Pause stops it and waits.
	Play(out *Outlet)
	Pause()
	// RTCP is a control packet of the player's, which may say anything: of what it
	// received, most often. It comes from the first PLAY on, from several goroutines.
	RTCP(p rtcp.Packet, arrived time.Time)
	Close(cause error)
}

// Listener is where a Server is to be reached.
type Listener struct {
	TCP net.Listener // under TLS it is rtsps://
	UDP *Pair        // nil: media goes over TCP only
}

// Server speaks RTSP with publishers and viewers.
type Server struct {
	cfg        Config
	publishers Publishers
	viewers    Viewers
	log        *slog.Logger
	waiting    *waiting.Room
	counters   counters
}

type counters struct {
	accepted, acceptErrors, refused, badPackets, denied atomic.Uint64
	connections, sessions                               atomic.Int64
}

// Stats count since the start, but for what is now.
type Stats struct {
	Connections  int64  // now
	Waiting      int    // of them, those that neither play nor publish
	Sessions     int64  // now
	Refused      uint64 // requests for a stream that were not granted
	Denied       uint64 // of them, for want of good credentials
	BadPackets   uint64 // packets of publishers, and control packets, that could not be read
	AcceptErrors uint64
}

// New makes a server. Serve opens it.
func New(cfg Config, publishers Publishers, viewers Viewers, log *slog.Logger) *Server {
	cfg = cfg.withDefaults()
	return &Server{
		cfg: cfg, publishers: publishers, viewers: viewers, log: log,
		waiting: waiting.New(cfg.MaxWaiting, errCrowded),
	}
}

// Stats reads the counters.
func (s *Server) Stats() Stats {
	c := &s.counters
	return Stats{
		Connections: c.connections.Load(), Waiting: s.waiting.Len(), Sessions: c.sessions.Load(),
		Refused: c.refused.Load(), Denied: c.denied.Load(), BadPackets: c.badPackets.Load(),
		AcceptErrors: c.acceptErrors.Load(),
	}
}

// Serve takes connections until ctx ends, then ends every session, and returns nil
// once all goroutines have ended. It closes the listener. Several may be served at
// once.
func (s *Server) Serve(ctx context.Context, l Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d := &door{server: s, ctx: ctx}
	d.library = &gortsplib.Server{
		Handler:                  d,
		RTSPAddress:              l.TCP.Addr().String(),
		ReadTimeout:              silence,
		WriteTimeout:             s.cfg.WriteTimeout,
		WriteQueueSize:           writeQueue,
		MaxPacketSize:            maxPacket,
		DisableRTCPSenderReports: true,
		Listen: func(string, string) (net.Listener, error) {
			return &lobby{Listener: l.TCP, ctx: ctx, server: s}, nil
		},
	}
	if l.UDP != nil {
		rtp, rtcp := l.UDP.ports()
		d.library.UDPRTPAddress = ":" + strconv.Itoa(rtp)
		d.library.UDPRTCPAddress = ":" + strconv.Itoa(rtcp)
		d.library.ListenPacket = l.UDP.hand
		if d.datagrams = l.UDP.takeOver(); d.datagrams != nil {
			defer d.datagrams.close()
		}
	}
	if err := d.library.Start(); err != nil {
		_ = l.TCP.Close()
		return fmt.Errorf("rtsp: %w", err)
	}
	stop := context.AfterFunc(ctx, d.library.Close)
	err := d.library.Wait()
	ours := ctx.Err() != nil
	cancel()
	if !stop() {
		d.library.Close() // AfterFunc's may still wait
	}
	if ours {
		return nil
	}
	return fmt.Errorf("rtsp: %w", err)
}
