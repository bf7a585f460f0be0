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
	// never is longer than a timer that is about to be set anew takes.
	never = time.Hour
)

// leash holds a publisher to its permit and to what the gateway takes, until its
// session's context ends.
type leash struct {
	ctx    context.Context
	permit access.Permit
	gate   *Gate
	stream *bus.Stream
	end    func(cause error)
	timer  *time.Timer
	sent   uint64 // at the last look
	looked time.Time
}

// hold puts a publisher on a leash. It is looked at even where nothing limits it:
// the limit may change.
func (g *Gate) hold(ctx context.Context, r Request, p *bus.Publisher, end func(cause error)) {
	if until := r.Permit.Until; !until.IsZero() {
		timer := time.AfterFunc(time.Until(until), func() { end(access.ErrExpired) })
		context.AfterFunc(ctx, func() { timer.Stop() })
	}
	l := &leash{ctx: ctx, permit: *r.Permit, gate: g, stream: p.Stream(), end: end, looked: time.Now()}
	l.sent = l.bytes()
	l.timer = time.AfterFunc(never, l.look) // not before it is known to itself
	l.timer.Reset(leashEvery)
	context.AfterFunc(ctx, func() { l.timer.Stop() })
}

// limit is how many bits a second may come, 0 for any, and what it is ended with
// that sends more.
func (l *leash) limit() (bitrate int, cause error) {
	own, all := l.permit.Bitrate, l.gate.limits.Load().Bitrate
	if all > 0 && (own == 0 || all < own) {
		return all, ErrBitrate
	}
	return own, access.ErrBitrate
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
	bitrate, cause := l.limit()
	if bitrate > 0 && sent >= l.sent { // else it is another generation's count
		may := float64(bitrate) / 8 * now.Sub(l.looked).Seconds() * (100 + leashSlack) / 100
		if float64(sent-l.sent) > may {
			l.gate.crowd.Refuse(LimitBitrate)
			l.end(cause)
			return
		}
	}
	l.sent, l.looked = sent, now
	l.timer.Reset(leashEvery)
}
