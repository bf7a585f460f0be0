package rtsp

import (
	"context"
	"errors"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"
)

// errGuesses ends a connection that has been asked for credentials too often.
var errGuesses = errors.New("too many wrong credentials")

// door is what the library tells of one listener. A connection's calls come one
// after another: while a session handles a request, its connection waits.
type door struct {
	server  *Server
	ctx     context.Context
	library *gortsplib.Server
	// datagrams reads publishers' packets; nil without UDP, or where the library does.
	datagrams *datagrams
}

func linkOf(c *gortsplib.ServerConn) *link { return c.NetConn().(*link) }

// OnConnOpen counts.
func (d *door) OnConnOpen(*gortsplib.ServerHandlerOnConnOpenCtx) {
	d.server.counters.connections.Add(1)
}

// OnConnClose lets go of what was offered and tells the session, which over UDP
// may go on.
func (d *door) OnConnClose(ctx *gortsplib.ServerHandlerOnConnCloseCtx) {
	d.server.counters.connections.Add(-1)
	c := linkOf(ctx.Conn)
	cause := ctx.Error
	if why := c.broken(); why != nil {
		cause = why
	}
	c.forget(cause)
	if s := c.session.Load(); s != nil {
		s.unlink()
	} else {
		d.server.log.Debug("rtsp: connection closed without a session", "remote", c.RemoteAddr(), "cause", cause)
	}
}

// forget lets go of what DESCRIBE offered.
func (c *link) forget(cause error) {
	if c.described != nil {
		c.described.viewing.Close(cause)
		c.described = nil
	}
}

// OnRequest sees every request before the library does.
func (d *door) OnRequest(conn *gortsplib.ServerConn, req *base.Request) {
	c := linkOf(conn)
	if s := c.session.Load(); s != nil {
		s.alive()
	}
	if req.Method != base.Announce {
		return
	}
	c.announced = nil
	if media, err := ParseSDP(req.Body); err == nil {
		c.announced = media
		req.Body = Plain(media)
	}
}

// OnResponse puts our name on what the library says, and notes what it has agreed on
// with a publisher.
func (d *door) OnResponse(conn *gortsplib.ServerConn, res *base.Response) {
	res.Header["Server"] = base.HeaderValue{realm}
	s := linkOf(conn).session.Load()
	var t headers.Transport
	if s == nil || s.publication == nil || res.StatusCode != base.StatusOK || t.Unmarshal(res.Header["Transport"]) != nil {
		return
	}
	if t.ClientPorts != nil {
		s.ports = append(s.ports, uint16(t.ClientPorts[0]))
	}
}

// refuse is the answer to somebody who is not let in. An error ends the connection.
func (d *door) refuse(c *link, err error) (*base.Response, error) {
	d.server.counters.refused.Add(1)
	d.server.log.Debug("rtsp: refused", "remote", c.RemoteAddr(), "error", err)
	res := response(err)
	if res.StatusCode != base.StatusUnauthorized {
		return res, nil
	}
	d.server.counters.denied.Add(1)
	if !c.challenge(res) {
		return res, errGuesses
	}
	return res, nil
}

// OnDescribe tells a viewer what there is.
func (d *door) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	c := linkOf(ctx.Conn)
	c.forget(ErrLeft)
	peer := c.peer(ctx.Request, ctx.Path, ctx.Query)
	offer, err := c.describe(d.ctx, d.server.viewers, peer)
	if err != nil {
		res, err := d.refuse(c, err)
		return res, nil, err
	}
	c.described = offer
	return &base.Response{StatusCode: base.StatusOK, Body: WriteSDP(offer.viewing.Media())}, nil, nil
}

// OnAnnounce lets a publisher in.
func (d *door) OnAnnounce(ctx *gortsplib.ServerHandlerOnAnnounceCtx) (*base.Response, error) {
	c := linkOf(ctx.Conn)
	publication, err := d.server.publishers.Announce(c.peer(ctx.Request, ctx.Path, ctx.Query), c.announced)
	if err != nil {
		return d.refuse(c, err)
	}
	s := newSession(d, ctx.Session, c)
	s.publication = publication
	s.announced = ctx.Description
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnSetup agrees on the way of one media. Of a viewer it may be the first request.
func (d *door) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	ok := &base.Response{StatusCode: base.StatusOK}
	if s, known := ctx.Session.UserData().(*session); known {
		return ok, s.stream, nil
	}
	c := linkOf(ctx.Conn)
	peer := c.peer(ctx.Request, ctx.Path, ctx.Query)
	offer := c.described
	c.described = nil
	if offer != nil && offer.stream != peer.Stream {
		offer.viewing.Close(ErrLeft)
		offer = nil
	}
	if offer == nil {
		var err error
		if offer, err = c.describe(d.ctx, d.server.viewers, peer); err != nil {
			res, err := d.refuse(c, err)
			return res, nil, err
		}
	}
	s := newSession(d, ctx.Session, c)
	s.viewing = offer.viewing
	offer.session.Store(s)
	if err := s.openStream(); err != nil {
		return d.failed(s, err)
	}
	return ok, s.stream, nil
}

// failed is for what must not happen.
func (d *door) failed(s *session, err error) (*base.Response, *gortsplib.ServerStream, error) {
	s.end(err)
	return &base.Response{StatusCode: base.StatusInternalServerError}, nil, err
}

// OnPlay lets packets flow to a viewer.
func (d *door) OnPlay(ctx *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	s := ctx.Session.UserData().(*session)
	s.play()
	linkOf(ctx.Conn).establish()
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnPause stops them. A publisher that pauses should leave.
func (d *door) OnPause(ctx *gortsplib.ServerHandlerOnPauseCtx) (*base.Response, error) {
	s, known := ctx.Session.UserData().(*session)
	if !known || s.viewing == nil {
		return &base.Response{StatusCode: base.StatusMethodNotValidInThisState}, nil
	}
	s.pause()
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnRecord lets packets flow from a publisher.
func (d *door) OnRecord(ctx *gortsplib.ServerHandlerOnRecordCtx) (*base.Response, error) {
	s := ctx.Session.UserData().(*session)
	s.record()
	linkOf(ctx.Conn).establish()
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnSessionClose is a session's end.
func (d *door) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	if s, known := ctx.Session.UserData().(*session); known {
		s.close(ctx.Error)
	}
}

// OnDecodeError is a packet that the library could not read.
func (d *door) OnDecodeError(ctx *gortsplib.ServerHandlerOnDecodeErrorCtx) {
	d.server.counters.badPackets.Add(1)
	if s, known := ctx.Session.UserData().(*session); known && s.publication != nil {
		s.publication.Trouble(ctx.Error)
	}
}

// OnPacketsLost is counted where the packets go; without this the library logs.
func (d *door) OnPacketsLost(*gortsplib.ServerHandlerOnPacketsLostCtx) {}

// OnStreamWriteError cannot be: nothing is written to the library's streams.
// Without this the library logs.
func (d *door) OnStreamWriteError(*gortsplib.ServerHandlerOnStreamWriteErrorCtx) {}
