package whep

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"millrace/ingest"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtc/intake"
	"millrace/transmux/rtc/sender"
)

// session is one Pull. It is what its endpoint's events go to.
type session struct {
	*intake.Intake // once there is an answer; nothing comes before
	puller         *Puller
	source         ingest.Source
	server         *server
	log            *slog.Logger
	ctx            context.Context
	cancel         context.CancelCauseFunc
	endpoint       *sender.Endpoint
	connected      chan struct{}
}

// The causes of an end that are the server's.
var (
	errUnreachable = errors.New("the server was found over HTTP, but not for media: nothing answered on the addresses of its answer (UDP); what it names there must be reachable from here")
	errConsent     = errors.New("the server does not answer any more")
	errLeft        = errors.New("the server ended the session")
)

// Connected is the endpoint's.
func (s *session) Connected() {
	s.Intake.Connected()
	close(s.connected)
}

// Closed is the endpoint's end, in words for who fetches.
func (s *session) Closed(cause error) {
	switch {
	case errors.Is(cause, sender.ErrUnreachable):
		cause = errUnreachable
	case errors.Is(cause, sender.ErrConsent):
		cause = errConsent
	case errors.Is(cause, sender.ErrLeft):
		cause = errLeft
	}
	s.cancel(cause)
}

// run negotiates, connects and receives.
func (s *session) run(t *transport) error {
	defer s.cancel(nil)
	_, err := t.Offer(func(e *sender.Endpoint) sender.Events {
		s.endpoint = e
		return s
	})
	if err != nil {
		return err
	}
	defer func() { s.endpoint.Close(context.Cause(s.ctx)) }()
	if err := s.negotiate(t); err != nil {
		return err
	}
	defer s.server.leave(context.WithoutCancel(s.ctx))
	select {
	case <-s.connected:
		return s.receive()
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
}

// negotiate posts our offer, and lets the endpoint look for who answered.
func (s *session) negotiate(t *transport) error {
	local := s.endpoint.Local()
	offer := description.Answer{
		Offer: true, Direction: description.RecvOnly, Media: wanted(),
		Ufrag: local.Ufrag, Pwd: local.Pwd, Fingerprint: local.Fingerprint,
	}
	raw, err := s.server.post(s.ctx, func() []byte {
		offer.Candidates = t.Candidates(s.server.peer())
		return offer.Write()
	})
	if err != nil {
		return err
	}
	answer, err := description.ParseSender(raw, midVideo, midAudio)
	if err != nil {
		s.server.leave(context.WithoutCancel(s.ctx))
		return err
	}
	media, err := agreed(answer)
	if err != nil {
		s.server.leave(context.WithoutCancel(s.ctx))
		return err
	}
	s.Intake = intake.New(media, &s.puller.counters)
	remote := sender.Remote{Ufrag: answer.Ufrag, Pwd: answer.Pwd, Fingerprint: answer.Fingerprint}
	return s.endpoint.Seek(remote, answer.Addresses, answer.Passive)
}

// receive opens the gate and takes what comes; the two lines of the log are here.
func (s *session) receive() error {
	publisher, err := s.puller.gate.Open(s.ctx, ingest.Request{
		Name: s.source.Name, Protocol: "whep", Remote: s.source.URL.Host, Refreshes: true, Numbers: s.numbers,
	})
	if err != nil {
		return err
	}
	begun := time.Now()
	s.log.Info("whep: pull opened", "source", s.source, "remote", s.endpoint.Remote())
	err = s.Run(s.ctx, s.endpoint, publisher, publisher.KeyframeRequests(), publisher.Done())
	if err == nil {
		err = publisher.Err()
	}
	publisher.Close()
	in := s.Stats()
	s.log.Info("whep: pull closed", "cause", err, "duration", time.Since(begun).Round(time.Millisecond),
		"packets", in.Received, "lost", in.Lost, "recovered", in.Recovered)
	if err == nil {
		err = errLeft
	}
	return err
}
