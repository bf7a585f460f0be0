package whip

import (
	"context"
	"fmt"
	"time"

	"github.com/pion/rtcp"

	"millrace/ingest"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
)

const (
	// beat is how often a session looks for packets to ask for again: the wait
	// before the first request is half of it on average.
	beat = 10 * time.Millisecond
	// feedbackInterval is between transport-wide feedbacks: a browser's bandwidth
	// estimation wants 50 to 250 ms.
	feedbackInterval = 50 * time.Millisecond
	// reportInterval is between receiver reports.
	reportInterval = time.Second
	// keyframeInterval is the least distance between two requests for a keyframe,
	// whoever asks.
	keyframeInterval = 500 * time.Millisecond
	// controls bounds the RTCP packets that wait for the session.
	controls = 64
)

// session is one publisher. Its fields belong to run's goroutine, but for what
// stands first.
type session struct {
	room     *Room
	request  resource.Request
	label    string // names the session in logs; its id is a secret
	endpoint *sender.Endpoint
	queue    *queue
	control  chan []byte // opened RTCP
	ready    chan struct{}
	ctx      context.Context
	cancel   context.CancelCauseFunc

	publisher *bus.Publisher
	intake    *intake
	begun     time.Time
	feedback  time.Time // when each was last sent
	report    time.Time
	keyframe  time.Time
	wanted    bool // a keyframe, as soon as one may be asked for
	opened    []byte
}

func newSession(room *Room, r resource.Request, media []description.AnswerMedia) *session {
	s := &session{
		room: room, request: r, label: r.ID[:8], begun: time.Now(),
		queue: newQueue(), control: make(chan []byte, controls), ready: make(chan struct{}, 1),
		intake: newIntake(media),
	}
	s.ctx, s.cancel = context.WithCancelCause(room.ctx)
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
	s.intake.publisher = publisher
	remote := sender.Remote{Ufrag: o.Ufrag, Pwd: o.Pwd, Fingerprint: o.Fingerprint}
	_, err = s.room.transport.Open(remote, func(e *sender.Endpoint) sender.Events {
		s.endpoint = e
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
		Name: s.request.Stream, Protocol: "whip", Remote: s.request.Peer.String(),
		Credential: credential, Refreshes: true,
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

// Connected lets the session ask for what it needs.
func (s *session) Connected() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Media takes an RTP packet, from the port's goroutine.
func (s *session) Media(sealed []byte, arrived time.Time) {
	if !s.queue.push(sealed, arrived) {
		s.room.counters.dropped.Add(1)
	}
}

// Feedback takes an RTCP packet; one that finds no room is followed by others.
func (s *session) Feedback(compound []byte) {
	select {
	case s.control <- append([]byte(nil), compound...):
	default:
	}
}

// Closed is the transport's end.
func (s *session) Closed(cause error) { s.cancel(cause) }

// run is the session, and its two log lines.
func (s *session) run() {
	s.room.counters.opened.Add(1)
	log := s.room.log.With("stream", s.request.Stream, "session", s.label)
	log.Info("whip: publisher opened", "remote", s.request.Peer)
	err := s.work()
	s.publisher.Close()
	remote := s.endpoint.Remote()
	s.endpoint.Close(err)
	s.request.Ended()
	s.cancel(err)
	in := s.intake.sum()
	s.room.counters.lost.Add(in.Lost)
	s.room.counters.recovered.Add(in.Recovered)
	log.Info("whip: publisher closed", "remote", remote, "cause", err, "duration", time.Since(s.begun).Round(time.Millisecond),
		"packets", in.Received, "lost", in.Lost, "recovered", in.Recovered)
}

// work goes on until something ends the session, and returns what.
func (s *session) work() error {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	var packets []packet
	for {
		select {
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		case <-s.publisher.Done():
			return s.publisher.Err()
		case <-s.queue.wake:
			packets = s.queue.take(packets)
			for _, p := range packets {
				s.takePacket(p)
			}
		case compound := <-s.control:
			s.takeControl(compound, time.Now())
		case <-s.publisher.KeyframeRequests():
			s.wanted = true
		case <-s.ready:
			s.wanted = true // the first one may have been lost before the keys were there
		case <-ticker.C:
		}
		s.speak(time.Now())
	}
}

func (s *session) takePacket(p packet) {
	opened, err := s.endpoint.OpenRTP(s.opened[:0], p.sealed)
	if err != nil {
		return // not the publisher's, or it came before
	}
	s.opened = opened
	s.room.counters.packets.Add(1)
	s.intake.take(opened, p.arrived)
}

// takeControl reads sender reports; everything else a publisher may say is
// about what it receives, which is nothing.
func (s *session) takeControl(compound []byte, arrived time.Time) {
	packets, err := rtcp.Unmarshal(compound)
	if err != nil {
		return // authenticated but broken: a bug of the publisher's that hurts only itself
	}
	for _, p := range packets {
		if report, ok := p.(*rtcp.SenderReport); ok {
			s.intake.report(report, arrived)
		}
	}
}

// speak sends what is due.
func (s *session) speak(now time.Time) {
	var due []rtcp.Packet
	s.intake.release(now)
	due = append(due, s.intake.missing(now, s.endpoint.RoundTrip())...)
	if now.Sub(s.feedback) >= feedbackInterval {
		s.feedback = now
		due = append(due, s.intake.transportFeedback()...)
	}
	if now.Sub(s.report) >= reportInterval {
		s.report = now
		due = append(due, s.intake.reports(now)...)
	}
	s.wanted = s.wanted || s.intake.needsKeyframe()
	if s.wanted && now.Sub(s.keyframe) >= keyframeInterval {
		if asks := s.intake.keyframeRequests(); len(asks) > 0 {
			s.wanted, s.keyframe = false, now
			due = append(due, asks...)
		}
	}
	if len(due) == 0 {
		return
	}
	if raw, err := rtcp.Marshal(due); err == nil {
		_ = s.endpoint.SendRTCP(raw) // lost ones are followed by others
	}
}
