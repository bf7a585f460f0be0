package rtsp

import (
	"context"
	"errors"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// errUnwanted is about a media that was not set up.
var errUnwanted = errors.New("rtsp: the viewer has not asked for that media")

const (
	// Over UDP a keyframe must not come as one burst: what a player's socket holds by
	// default is some 90 packets, and beyond what one burst takes packets leave at a
	// pace that is above any stream's rate: 8 in a millisecond are 75 Mb/s.
	burst    = 32
	perBurst = burst * time.Millisecond / 8
)

// Outlet is the way to one viewer. It serves one goroutine.
type Outlet struct {
	session *session
	link    *link // nil over UDP
	first   uint64
	pushed  uint64
	media   []*description.Media // nil where the viewer did not ask
	ssrcs   []uint32
	paused  bool // the session's

	sent int       // over UDP, of this burst
	next time.Time // when the next one may leave
}

func newOutlet(s *session) *Outlet {
	o := &Outlet{session: s}
	if *s.library.SetuppedTransport() == gortsplib.TransportTCP {
		o.link = s.link
		o.first = s.link.packets.Load()
	}
	wanted := map[*description.Media]bool{}
	for _, m := range s.library.SetuppedMedias() {
		wanted[m] = true
	}
	stats := s.stream.Stats()
	for _, m := range s.stream.Desc.Medias {
		o.ssrcs = append(o.ssrcs, stats.Medias[m].Formats[m.Formats[0]].LocalSSRC)
		if !wanted[m] {
			m = nil
		}
		o.media = append(o.media, m)
	}
	return o
}

// Wants says whether the viewer asked for that media.
func (o *Outlet) Wants(media int) bool { return o.media[media] != nil }

// SSRC is what packets of that media are sent under.
func (o *Outlet) SSRC(media int) uint32 { return o.ssrcs[media] }

// Transport is "tcp" or "udp".
func (o *Outlet) Transport() string {
	if o.link != nil {
		return "tcp"
	}
	return "udp"
}

// End ends the viewer's session.
func (o *Outlet) End(cause error) { o.session.end(cause) }

// RTP sends a packet. It waits while the viewer's connection is behind; the error
// is ctx's, or the connection is gone.
func (o *Outlet) RTP(ctx context.Context, media int, p *rtp.Packet) error {
	if o.media[media] == nil {
		return errUnwanted
	}
	if err := o.room(ctx); err != nil {
		return err
	}
	err := o.session.library.WritePacketRTP(o.media[media], p)
	return o.written(err)
}

// RTCP sends a control packet likewise.
func (o *Outlet) RTCP(ctx context.Context, media int, p rtcp.Packet) error {
	if o.media[media] == nil {
		return errUnwanted
	}
	if err := o.room(ctx); err != nil {
		return err
	}
	err := o.session.library.WritePacketRTCP(o.media[media], p)
	return o.written(err)
}

func (o *Outlet) written(err error) error {
	if o.link == nil {
		return nil // a datagram more or less
	}
	if err == nil {
		o.pushed++
	}
	return err
}

// room waits until another packet may go to the library.
func (o *Outlet) room(ctx context.Context) error {
	if o.link == nil {
		return o.pace(ctx)
	}
	for o.pushed-(o.link.packets.Load()-o.first) >= maxUnsent {
		select {
		case <-o.link.left:
		case <-o.link.closed:
			if why := o.link.broken(); why != nil {
				return why
			}
			return ErrGone
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// pace lets bursts leave one after another.
func (o *Outlet) pace(ctx context.Context) error {
	if o.sent++; o.sent < burst {
		return ctx.Err()
	}
	now := time.Now()
	wait := o.next.Sub(now)
	o.sent, o.next = 0, now.Add(max(wait, 0)+perBurst)
	if wait <= 0 {
		return ctx.Err()
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case <-late.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
