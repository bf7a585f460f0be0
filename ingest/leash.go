package ingest

import (
	"context"
	"time"

	"millrace/transmux/access"
	"millrace/transmux/bus"
)

const (
	// leashEvery is between two looks at how much a publisher has sent: encoders
	// that keep a rate keep it over this time, whatever single pictures take.
	leashEvery = 10 * time.Second
	// leashSlack is what a rate may be exceeded by, in percent: encoders do not hit
	// theirs exactly, and packaging is on top of it.
	leashSlack = 15
)

// leash holds a publisher to its permit, until its session's context ends.
type leash struct {
	ctx    context.Context
	permit access.Permit
	stream *bus.Stream
	end    func(cause error)
	sent   uint64 // at the last look
	looked time.Time
}

// hold puts a publisher on a leash, if its permit has conditions.
func hold(ctx context.Context, r Request, p *bus.Publisher, end func(cause error)) {
	if until := r.Permit.Until; !until.IsZero() {
		timer := time.AfterFunc(time.Until(until), func() { end(access.ErrExpired) })
		context.AfterFunc(ctx, func() { timer.Stop() })
	}
	if r.Permit.Bitrate > 0 {
		l := &leash{ctx: ctx, permit: *r.Permit, stream: p.Stream(), end: end, looked: time.Now()}
		l.sent = l.bytes()
		time.AfterFunc(leashEvery, l.look)
	}
}

// bytes are those of the publisher's own tracks.
func (l *leash) bytes() (n uint64) {
	snap := l.stream.Snapshot()
	for i := range snap.Tracks {
		if t := &snap.Tracks[i]; t.Track.DerivedFrom == 0 {
			n += t.Bytes
		}
	}
	return n
}

// look compares what came since the last look with what may.
func (l *leash) look() {
	if l.ctx.Err() != nil {
		return
	}
	now, sent := time.Now(), l.bytes()
	if sent >= l.sent { // else it is another generation's count
		may := float64(l.permit.Bitrate) / 8 * now.Sub(l.looked).Seconds() * (100 + leashSlack) / 100
		if float64(sent-l.sent) > may {
			l.end(access.ErrBitrate)
			return
		}
	}
	l.sent, l.looked = sent, now
	time.AfterFunc(leashEvery, l.look)
}
