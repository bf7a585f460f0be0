package rtsp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"millrace/ingest"
	"millrace/transmux/bus"
	"millrace/transmux/ledger"
	"millrace/transmux/rtsp"
)

// The ends that a session comes to by itself.
var (
	errSilent  = errors.New("nothing came any more")
	errNoMedia = errors.New("no picture and no sound came any more")
	errTrouble = errors.New("nothing but packets that cannot be read")
)

// session is one publisher, whether it came here or is fetched. It is the
// rtsp.Publication of the former.
type session struct {
	room   *Room
	log    *slog.Logger
	remote string
	ctx    context.Context
	cancel context.CancelCauseFunc
	queue  *queue
	lossy  bool // set before packets come
	work   sync.WaitGroup
	begun  time.Time

	// When there was a sign of life, and when a packet; in nanoseconds.
	sign, media atomic.Int64
	alone       atomic.Bool
	trouble     atomic.Int64 // in a row

	publisher *bus.Publisher
	intake    *intake
	over      chan error // by the gate
	tally     ledger.Tally
}

// expire ends the session because what let it in is over.
func (s *session) expire(cause error) {
	select {
	case s.over <- cause:
	default: // it ends already
	}
}

func newSession(room *Room, p rtsp.Peer) *session {
	s := &session{room: room, remote: p.Remote, queue: newQueue(), begun: time.Now(), over: make(chan error, 1)}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.log = room.log.With("stream", p.Stream, "remote", p.Remote)
	return s
}

// open takes the stream's name and sorts out the media.
func (s *session) open(p rtsp.Peer, media []rtsp.Media) error {
	if err := bus.ValidName(p.Stream); err != nil {
		return err // before anything of it is logged
	}
	if err := s.enter(p, p.Agent); err != nil {
		return err
	}
	if s.take(media); len(s.intake.lanes) == 0 {
		s.publisher.Close()
		return errNothing
	}
	return nil
}

// take sorts out the media.
func (s *session) take(media []rtsp.Media) { s.intake = newIntake(media, s.log) }

// enter goes through the gate.
func (s *session) enter(p rtsp.Peer, encoder string) error {
	publisher, err := s.room.gate.Open(s.ctx, ingest.Request{
		Name: p.Stream, Protocol: "rtsp", Remote: p.Remote, Encoder: encoder,
		User: p.User, Credential: p.Credential, Proves: p.Proves, End: s.expire, Numbers: s.tally.Numbers,
	})
	if err != nil {
		return err
	}
	s.publisher = publisher
	return nil
}

// Begin runs the session.
func (s *session) Begin(lossy bool, end func(cause error)) {
	s.lossy = lossy
	s.begin()
	s.work.Go(func() {
		if err := s.run(); s.ctx.Err() == nil {
			end(err)
		}
	})
}

// begin opens the session's books.
func (s *session) begin() {
	s.intake.lossy = s.lossy
	s.intake.publisher = s.publisher
	now := time.Now().UnixNano()
	s.sign.Store(now)
	s.media.Store(now)
	s.room.counters.opened.Add(1)
	transport := "tcp"
	if s.lossy {
		transport = "udp"
	}
	s.log.Info("rtsp: publisher opened", "transport", transport, "tracks", len(s.intake.lanes))
}

// run goes on until something ends the session, and returns what.
func (s *session) run() error {
	every := calmBeat
	if s.lossy {
		every = beat
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var items []item
	for {
		select {
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		case <-s.publisher.Done():
			return s.publisher.Err()
		case cause := <-s.over:
			return cause
		case <-s.queue.wake:
			items = s.queue.take(items)
			for _, i := range items {
				if i.rtp != nil {
					s.intake.take(i.media, i.rtp, i.arrived)
				} else {
					s.intake.report(i.media, i.rtcp)
				}
			}
		case now := <-ticker.C:
			s.intake.release(now)
			s.tell(now)
			if err := s.judge(now); err != nil {
				return err
			}
		}
	}
}

// judge says whether the publisher is still one.
func (s *session) judge(now time.Time) error {
	l := s.room.limits
	signs := l.signs
	if s.alone.Load() {
		signs = l.alone
	}
	switch quiet := now.Sub(time.Unix(0, s.sign.Load())); {
	case quiet > signs:
		return fmt.Errorf("%w for %v, not even a sign of life", errSilent, quiet.Round(time.Second))
	case now.Sub(time.Unix(0, s.media.Load())) > l.media:
		return fmt.Errorf("%w for %v", errNoMedia, l.media)
	case s.trouble.Load() > maxTrouble:
		return errTrouble
	}
	return nil
}

// RTP takes a packet.
func (s *session) RTP(media int, p *rtp.Packet, arrived time.Time) {
	at := arrived.UnixNano()
	s.sign.Store(at)
	s.media.Store(at)
	s.trouble.Store(0)
	s.pass(item{media: media, rtp: p, arrived: arrived})
}

// RTCP takes a report.
func (s *session) RTCP(media int, p rtcp.Packet, arrived time.Time) {
	s.sign.Store(arrived.UnixNano())
	s.pass(item{media: media, rtcp: p, arrived: arrived})
}

// pass queues a packet. Over TCP a publisher that sends more than can be taken
// waits; over UDP what is too much is lost.
func (s *session) pass(i item) {
	if !s.lossy {
		s.queue.put(s.ctx, i)
	} else if !s.queue.push(i) {
		s.room.counters.dropped.Add(1)
	}
}

// Alive is a sign of life.
func (s *session) Alive() { s.sign.Store(time.Now().UnixNano()) }

// Alone says that only media still come.
func (s *session) Alone() { s.alone.Store(true) }

// Trouble is a packet that could not be read.
func (s *session) Trouble(error) { s.trouble.Add(1) }

// Close ends the session and waits for it.
func (s *session) Close(cause error) {
	began := s.publisher != nil && s.sign.Load() != 0
	s.cancel(cause)
	s.work.Wait()
	s.publisher.Close()
	if !began {
		s.log.Debug("rtsp: publisher announced and never began", "cause", cause)
		return
	}
	in := s.intake.sum()
	s.room.counters.add(in)
	s.room.counters.jumps.Add(s.intake.jumps)
	s.log.Info("rtsp: publisher closed", "duration", time.Since(s.begun).Round(time.Millisecond),
		"packets", in.Received, "lost", in.Lost, "frames", in.Frames, "skipped", in.Skipped, "cause", cause)
}
