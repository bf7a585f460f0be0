package rtsp

import (
	"errors"
	"io"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
	"github.com/bluenviron/gortsplib/v4/pkg/sdp"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// session is one publisher's or viewer's. Its fields belong to the library's
// goroutine for it, but for what stands under mu.
type session struct {
	door        *door
	library     *gortsplib.ServerSession
	publication Publication // or
	viewing     Viewing
	announced   *description.Session    // of a publication
	stream      *gortsplib.ServerStream // of a viewing
	out         *Outlet
	ports       []uint16         // that a publisher sends from over UDP, in the order of SETUP
	heard       []netip.AddrPort // where it is listened to

	link *link // over which it was made

	mu    sync.Mutex
	cause error // the first that was told
	begun bool  // media may come
}

func newSession(d *door, library *gortsplib.ServerSession, c *link) *session {
	s := &session{door: d, library: library, link: c}
	library.SetUserData(s)
	c.session.Store(s)
	d.server.counters.sessions.Add(1)
	return s
}

// openStream gives the library what it needs to agree on ways with a viewer. What
// is sent does not go through it: its streams send the same to all, while every
// viewer begins at a keyframe of its own.
func (s *session) openStream() error {
	var plain sdp.SessionDescription
	if err := plain.Unmarshal(Plain(s.viewing.Media())); err != nil {
		return err
	}
	stream := &gortsplib.ServerStream{Server: s.door.library, Desc: &description.Session{}}
	if err := stream.Desc.Unmarshal(&plain); err != nil {
		return err
	}
	if err := stream.Initialize(); err != nil {
		return err
	}
	s.stream = stream
	return nil
}

// play begins to send, or goes on after a pause.
func (s *session) play() {
	if s.out != nil && !s.out.paused {
		return // PLAY again is a sign of life
	}
	if s.out == nil {
		s.library.OnPacketRTCPAny(func(_ *description.Media, p rtcp.Packet) {
			s.viewing.RTCP(p, time.Now())
		})
	}
	s.out = newOutlet(s)
	s.viewing.Play(s.out)
}

func (s *session) pause() {
	if s.out != nil && !s.out.paused {
		s.out.paused = true
		s.viewing.Pause()
	}
}

// record begins to receive.
func (s *session) record() {
	tcp := *s.library.SetuppedTransport() == gortsplib.TransportTCP
	s.publication.Begin(!tcp, s.end)
	s.mu.Lock()
	s.begun = true
	s.mu.Unlock()
	if tcp || !s.listen() {
		s.receive()
	}
	s.library.OnPacketRTCPAny(func(m *description.Media, p rtcp.Packet) {
		s.publication.RTCP(slices.Index(s.announced.Medias, m), p, time.Now())
	})
}

// receive takes packets as the library has them.
func (s *session) receive() {
	s.library.OnPacketRTPAny(func(m *description.Media, _ format.Format, p *rtp.Packet) {
		s.publication.RTP(slices.Index(s.announced.Medias, m), p, time.Now())
	})
}

// setUp is the media that were set up, in that order, by their index.
func (s *session) setUp() (all []int) {
	for _, m := range s.library.SetuppedMedias() {
		all = append(all, slices.Index(s.announced.Medias, m))
	}
	return all
}

// alive is a request of the peer's.
func (s *session) alive() {
	s.mu.Lock()
	begun := s.begun
	s.mu.Unlock()
	if begun {
		s.publication.Alive()
	}
}

// end ends the session for that reason.
func (s *session) end(cause error) {
	s.note(cause)
	s.library.Close()
}

// note remembers why the session is about to end; the first reason counts.
func (s *session) note(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause == nil {
		s.cause = cause
	}
}

// unlink is the end of the connection. Over TCP the session's follows; over UDP the
// media may go on.
func (s *session) unlink() {
	s.mu.Lock()
	begun := s.begun
	s.mu.Unlock()
	if begun && *s.library.SetuppedTransport() == gortsplib.TransportUDP {
		s.publication.Alone()
	}
}

// close is the end, whoever wanted it.
func (s *session) close(cause error) {
	if s.door.ctx.Err() != nil {
		s.note(ErrShutdown)
	}
	cause = plainly(cause)
	if why := s.link.broken(); why != nil && errors.Is(cause, ErrGone) {
		cause = why
	}
	s.note(cause)
	s.mu.Lock()
	cause = s.cause
	s.mu.Unlock()
	if s.viewing != nil {
		s.viewing.Close(cause)
	}
	if s.publication != nil {
		s.deafen()
		s.publication.Close(cause)
	}
	if s.stream != nil {
		s.stream.Close()
	}
	s.link.session.CompareAndSwap(s, nil)
	// The connection may make another session, but not wait for ever with it.
	_ = s.link.Conn.SetReadDeadline(time.Now().Add(s.door.server.cfg.SetupTimeout)) // of a closed one: just as good
	s.door.server.counters.sessions.Add(-1)
}

// plainly says the library's reasons in our words.
func plainly(err error) error {
	var left liberrors.ErrServerSessionTornDown
	var unused liberrors.ErrServerSessionNotInUse
	var ended liberrors.ErrServerTerminated
	switch {
	case err == nil, errors.As(err, &unused), errors.As(err, &ended), errors.Is(err, io.EOF):
		return ErrGone
	case errors.As(err, &left):
		return ErrLeft
	default:
		return err
	}
}
