package rtsp

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/pion/rtcp"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/ledger"
	"millrace/transmux/rtsp"
)

// errChanged ends a session whose description no longer holds: a player that asks
// again gets another one.
var errChanged = errors.New("the stream is of another kind now: ask for it again")

// viewer is one viewer, from DESCRIBE on. It is an rtsp.Viewing.
type viewer struct {
	room   *Room
	log    *slog.Logger
	sub    *bus.Subscriber
	stream *bus.Stream
	leave  func(cause error)
	lanes  []*lane
	begun  time.Time
	played bool

	catalog *bus.Catalog
	ctx     context.Context // of one PLAY
	cancel  context.CancelFunc
	work    sync.WaitGroup
	frames  uint64
	packets uint64
	tally   *ledger.Tally
	heard   feedback
}

func newViewer(room *Room, p rtsp.Peer, sub *bus.Subscriber, leave func(cause error), lanes []*lane) *viewer {
	for i, l := range lanes {
		l.media = i
	}
	return &viewer{
		room: room, sub: sub, stream: sub.Stream(), leave: leave, lanes: lanes, begun: time.Now(),
		log: room.log.With("stream", p.Stream, "remote", p.Remote), cancel: func() {},
		heard: feedback{observe: room.reports},
	}
}

// Media is what the viewer may set up.
func (v *viewer) Media() (all []rtsp.Media) {
	for _, l := range v.lanes {
		all = append(all, rtsp.Media{Kind: l.track.Kind.String(), Formats: []rtsp.Format{l.format}})
	}
	return all
}

// Play begins to send.
func (v *viewer) Play(out *rtsp.Outlet) {
	if !v.played {
		v.played, v.begun = true, time.Now()
		v.room.counters.opened.Add(1)
		v.room.counters.viewers.Add(1)
		v.heard.expect(v.sources(out))
		v.log.Info("rtsp: viewer opened", "transport", out.Transport())
	}
	v.ctx, v.cancel = context.WithCancel(context.Background())
	ctx := v.ctx
	v.work.Go(func() {
		if err := v.run(ctx, out); ctx.Err() == nil {
			out.End(err)
		}
	})
}

// sources are what reports may be about.
func (v *viewer) sources(out *rtsp.Outlet) (all []source) {
	for _, l := range v.lanes {
		all = append(all, source{ssrc: out.SSRC(l.media), rate: l.format.ClockRate})
	}
	return all
}

// RTCP takes what the player says of its reception.
func (v *viewer) RTCP(p rtcp.Packet, arrived time.Time) { v.heard.take(p, arrived) }

// Pause stops it; where it goes on is the newest keyframe then.
func (v *viewer) Pause() {
	v.cancel()
	v.work.Wait()
	v.sub.Follow(0, 0)
	v.catalog = nil
}

// Close ends the viewer and waits.
func (v *viewer) Close(cause error) {
	v.cancel()
	v.work.Wait()
	v.leave(cause)
	if !v.played {
		return
	}
	v.room.counters.viewers.Add(-1)
	lost, _, _ := v.reported()
	v.log.Info("rtsp: viewer closed", "duration", time.Since(v.begun).Round(time.Millisecond),
		"frames", v.frames, "packets", v.packets, "lost", lost, "cause", cause)
}

// run sends what the stream brings until something ends it, and returns what.
func (v *viewer) run(ctx context.Context, out *rtsp.Outlet) error {
	for {
		changed := v.stream.Changed()
		end := v.stream.Err() // before the look: nothing comes after it
		if c := v.stream.Catalog(); c != v.catalog {
			if err := v.follow(c, out); err != nil {
				return err
			}
		}
		for f := v.sub.Poll(); f != nil; f = v.sub.Poll() {
			if err := v.send(ctx, out, f); err != nil {
				return err
			}
		}
		if end != nil {
			return end
		}
		v.tell(out, time.Now())
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// follow turns to what the catalog has in place of the tracks that were described.
// While it has nothing, as between two publishers, the old ones are read to their
// end.
func (v *viewer) follow(c *bus.Catalog, out *rtsp.Outlet) error {
	v.catalog = c
	var ids [3]av.TrackID // by kind
	for _, l := range v.lanes {
		if !out.Wants(l.media) {
			continue
		}
		t := c.Track(l.track.ID)
		if t == nil {
			t = successor(c, l)
		}
		switch {
		case t == nil:
			if c.Live && hasKind(c, l.track.Kind) {
				return errChanged
			}
		case !l.carries(t):
			return errChanged
		default:
			l.track = t
		}
		ids[l.track.Kind] = l.track.ID
	}
	v.sub.Follow(ids[av.Video], ids[av.Audio])
	return nil
}

// successor is a new publisher's track that goes on where another ended.
func successor(c *bus.Catalog, l *lane) *av.Track {
	for _, t := range c.Tracks {
		if l.carries(t) {
			return t
		}
	}
	return nil
}

func hasKind(c *bus.Catalog, k av.Kind) bool {
	for _, t := range c.Tracks {
		if t.Kind == k && t.DerivedFrom == 0 {
			return true
		}
	}
	return false
}

// send sends one frame.
func (v *viewer) send(ctx context.Context, out *rtsp.Outlet, f *av.Frame) error {
	for _, l := range v.lanes {
		if f.Track.ID != l.track.ID {
			continue
		}
		pts := f.PTS
		if f.Track.Kind == av.Video {
			if n := v.sub.Video().Entries(); n != l.entries {
				l.entries = n
				l.squeeze = newSqueeze(f.PTS, v.stream.Edge(time.Now())+f.PTS-f.DTS)
			}
			pts = l.squeeze.at(pts)
		}
		n, err := l.send(ctx, out, v.stream, f, pts)
		v.frames++
		v.packets += uint64(n)
		v.room.counters.frames.Add(1)
		v.room.counters.packets.Add(uint64(n))
		return err
	}
	return nil
}
