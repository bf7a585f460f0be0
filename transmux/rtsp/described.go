package rtsp

import (
	"context"
	"sync/atomic"
)

// described is a stream that somebody was told of and may play.
type described struct {
	stream  string
	viewing Viewing
	link    *link
	session atomic.Pointer[session] // once one was made of it
}

// describe lets a viewer in that came over this connection.
func (c *link) describe(ctx context.Context, viewers Viewers, p Peer) (*described, error) {
	d := &described{stream: p.Stream, link: c}
	viewing, err := viewers.Describe(ctx, p, d.end)
	if err != nil {
		return nil, err
	}
	d.viewing = viewing
	return d, nil
}

// end ends the session that came of it, or the connection over which one could come.
func (d *described) end(cause error) {
	if s := d.session.Load(); s != nil {
		s.end(cause)
		return
	}
	d.link.turnOut(cause)
}
