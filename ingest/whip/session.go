package whip

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"millrace/ingest"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtc/intake"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
	"millrace/transmux/rtc/turn"
	"millrace/transmux/trace"
)

// session is one publisher. The intake hears of its packets.
type session struct {
	*intake.Intake
	room     *Room
	request  resource.Request
	label    string // names the session in logs; its id is a secret
	endpoint *sender.Endpoint
	reached  atomic.Pointer[sender.Endpoint] // the same, for other goroutines
	ctx      context.Context
	cancel   context.CancelCauseFunc

	publisher *bus.Publisher
	begun     time.Time
	way       turn.Way
}

// newSession makes a session, which may be traced.
func newSession(room *Room, r resource.Request, media []description.AnswerMedia, span *trace.Span) *session {
	s := &session{
		Intake: intake.New(media, &room.counters.media),
		room:   room, request: r, label: r.ID[:8], begun: time.Now(),
		way: turn.Way{Relays: room.relays},
	}
	s.ctx, s.cancel = context.WithCancelCause(trace.Into(room.ctx, span))
	return s
}

// open takes the stream's name and the transport, and begins to run.
func (s *session) open(o *description.Offer) error {
	publisher, err := s.room.gate.Open(s.ctx, s.wish(s.request.Credential))
	if err != nil {
		s.cancel(err)
		return err
	}
	s.publisher = publisher
	remote := sender.Remote{Ufrag: o.Ufrag, Pwd: o.Pwd, Fingerprint: o.Fingerprint}
	_, err = s.room.transport.Open(remote, func(e *sender.Endpoint) sender.Events {
		s.endpoint = e
		s.reached.Store(e)
		return s
	})
	if err == nil && !s.room.start(s.run) {
		err = bus.ErrShutdown
		s.endpoint.Close(err)
	}
	if err != nil {
		publisher.Close()
		s.cancel(err)
		return fmt.Errorf("whip: %w", err)
	}
	return nil
}

// wish is what the publisher wants, as the gate knows requests.
func (s *session) wish(credential string) ingest.Request {
	return ingest.Request{
		Name: s.request.Stream, Protocol: "whip", Remote: s.request.Peer.String(), Encoder: s.request.Agent,
		Credential: credential, Refreshes: true, End: s.cancel, Numbers: s.numbers,
	}
}

// Agent is the session's end of ICE.
func (s *session) Agent() resource.Agent { return s.endpoint }

// Authorize says whether somebody with that credential may change or end the session.
func (s *session) Authorize(ctx context.Context, credential string) error {
	if err := s.room.gate.Authorize(ctx, s.wish(credential)); err != nil {
		return problemOf(err)
	}
	return nil
}

// Close ends the session because the publisher asked for it.
func (s *session) Close() { s.cancel(sender.ErrLeft) }

// Connected lets the intake ask for what it needs.
func (s *session) Connected() {
	m, span := s.endpoint.Milestones(), trace.From(s.ctx)
	span.Past("answer", s.begun, m.Opened)
	span.Past("ice", m.Opened, m.Reached)
	span.Past("dtls", m.Reached, m.Keyed)
	s.Intake.Connected()
}

// Closed is the transport's end.
func (s *session) Closed(cause error) { s.cancel(cause) }

// run is the session, and its two log lines.
func (s *session) run() {
	s.room.counters.opened.Add(1)
	log := s.room.log.With("stream", s.request.Stream, "session", s.label)
	log.Info("whip: publisher opened", "remote", s.request.Peer)
	p := s.publisher
	err := s.Run(s.ctx, s.endpoint, p, p.KeyframeRequests(), p.Done())
	if err == nil {
		err = p.Err()
	}
	p.Close()
	transport, remote := s.way.Of(s.endpoint.Transport(), s.endpoint.Remote())
	s.endpoint.Close(err)
	s.request.Ended()
	s.cancel(err)
	in := s.Stats()
	log.Info("whip: publisher closed", "remote", remote, "transport", transport, "cause", err, "duration", time.Since(s.begun).Round(time.Millisecond),
		"packets", in.Received, "lost", in.Lost, "recovered", in.Recovered)
}
