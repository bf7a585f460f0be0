package whep

import (
	"sync/atomic"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
	"millrace/transmux/rtpio"
)

const (
	// reportInterval is between sender reports: the first tell the receiver how
	// picture and sound go together, the later ones only follow the clock.
	reportInterval = 2 * time.Second
	// refreshInterval is the least time between two restarts at a keyframe that
	// one viewer may ask for.
	refreshInterval = time.Second
)

// viewer is one WHEP session. All of it but end and the sender.Events belongs to
// its fan's goroutine.
type viewer struct {
	room     *Room
	sub      *bus.Subscriber
	stream   *bus.Stream
	endpoint *sender.Endpoint
	chosen   chosen
	label    string // names the session in logs; its id is a secret
	ufrag    string
	begun    time.Time

	catalog   *bus.Catalog
	video     lane
	audio     lane
	report    time.Time // when the next sender report is due
	refreshed time.Time
	shown     bool // the first keyframe has been sent
	scratch   []byte

	wantsRefresh atomic.Bool // a PLI or FIR came
	feedback     feedback

	ended func()
	letGo func()
	fan   atomic.Pointer[fan]
	gone  bool // guarded by room.mu
}

func newViewer(room *Room, r resource.Request, sub *bus.Subscriber, o *offer, c chosen, begun time.Time) *viewer {
	v := &viewer{
		room: room, sub: sub, stream: sub.Stream(), chosen: c, ufrag: o.ufrag,
		label: r.ID[:8], begun: begun, ended: r.Ended,
	}
	video := ssrc(0)
	if c.video != nil {
		v.video.writer = rtpio.NewWriter(video, c.video.payloadType, c.video.clockRate)
	}
	if c.audio != nil {
		v.audio.writer = rtpio.NewWriter(ssrc(video), c.audio.payloadType, c.audio.clockRate)
	}
	return v
}

// hold takes what the viewer keeps until its end: its place in the stream, and
// the tracks that are made for it.
func (v *viewer) hold(leave func()) {
	release := func() {}
	if v.chosen.audio != nil {
		release = v.room.derive.Want(v.stream, []av.Codec{av.Opus})
	}
	v.letGo = func() { release(); leave() }
}

// Ufrag is the browser's ICE user fragment.
func (v *viewer) Ufrag() string { return v.ufrag }

// Close ends the session because the viewer asked for it.
func (v *viewer) Close() { v.end(sender.ErrLeft) }

// Connected puts the viewer into a fan, which serves it from here on.
func (v *viewer) Connected() { v.room.join(v) }

// Feedback takes what the viewer says of its reception.
func (v *viewer) Feedback(rtcp []byte) {
	if v.feedback.read(rtcp) {
		v.room.counters.refreshes.Add(1)
		v.wantsRefresh.Store(true)
		if f := v.fan.Load(); f != nil {
			f.nudge()
		}
	}
}

// Media is not for a viewer: nothing that it may send is asked for.
func (v *viewer) Media([]byte, time.Time) {}

// end closes the transport, which calls Closed.
func (v *viewer) end(cause error) { v.endpoint.Close(cause) }

// Closed lets go of everything and says why.
func (v *viewer) Closed(cause error) {
	v.room.part(v)
	v.letGo()
	v.ended()
	v.room.log.Info("viewer closed", "stream", v.stream.Name(), "session", v.label,
		"remote", v.endpoint.Remote(), "cause", cause, "duration", time.Since(v.begun).Round(time.Millisecond),
		"lost", v.feedback.lost.Load(), "refreshes", v.feedback.refreshes.Load())
}

// serve sends what is there; it returns when something not yet due will be, or
// the zero time.
func (v *viewer) serve(b *sender.Burst, now time.Time) time.Time {
	if !b.To(v.endpoint) {
		return time.Time{}
	}
	if c := v.stream.Catalog(); c != v.catalog {
		v.follow(c)
	}
	if v.wantsRefresh.Swap(false) && now.Sub(v.refreshed) > refreshInterval {
		v.refreshed = now
		v.sub.Video().Restart()
	}
	due := v.video.serve(v.sub.Video(), v.stream, b, v, now)
	v.audio.serve(v.sub.Audio(), v.stream, b, v, now)
	if !now.Before(v.report) {
		v.sendReports(b, now)
	}
	return due
}

// follow turns to what the catalog has for this viewer. While it has nothing, as
// between two publishers, the old tracks are read to their end.
func (v *viewer) follow(c *bus.Catalog) {
	v.catalog = c
	video, audio := tracks(c.Tracks, v.chosen)
	videoID, audioID := v.sub.Video().Track(), v.sub.Audio().Track()
	if video != nil {
		videoID = video.ID
	}
	if audio != nil {
		audioID = audio.ID
	}
	v.sub.Follow(videoID, audioID)
}

// sendReports sends a sender report for each track that has begun: what is live
// now was, by the stream's one clock, at this wall time.
func (v *viewer) sendReports(b *sender.Burst, now time.Time) {
	live := v.stream.Live(now)
	v.scratch = v.scratch[:0]
	if v.video.sent > 0 {
		v.scratch = v.video.writer.SenderReport(v.scratch, live, now, v.label)
	}
	if v.audio.sent > 0 {
		v.scratch = v.audio.writer.SenderReport(v.scratch, live, now, v.label)
	}
	if len(v.scratch) == 0 {
		return
	}
	_ = b.Control(v.scratch) // lost ones are followed by others
	v.report = now.Add(reportInterval)
}

// sentFrame measures.
func (v *viewer) sentFrame(f *av.Frame, first, squeezed bool) {
	if first {
		v.report = time.Time{} // the receiver cannot lay the track beside the other without one
	}
	if f.Track.Kind == av.Video && !v.shown {
		v.shown = true
		v.room.observe.Join.Observe(time.Since(v.begun).Seconds())
	}
	if !squeezed {
		v.room.observe.Added.Observe(time.Since(f.Arrived).Seconds())
	}
	v.room.counters.frames.Add(1)
}
