package whep

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"time"

	"millrace/playout"
	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/ledger"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
	"millrace/transmux/rtc/turn"
	"millrace/transmux/trace"
)

const (
	// reportInterval is between sender reports: the first tell the receiver how
	// picture and sound go together, the later ones only follow the clock.
	reportInterval = 2 * time.Second
	// A browser tells its latency after three or four reports: those come soon.
	soonInterval, soonReports = 300 * time.Millisecond, 5
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
	choice   choice
	asked    playout.Request // without the credential
	label    string          // names the session in logs; its id is a secret
	begun    time.Time
	ssrcs    [3]sources // by kind of track

	// Of the extensions. The picture is in m-line pictureAt.
	pictured  bool
	pictureAt int
	answered  atomic.Bool // choice and the lanes are there
	wanted    atomic.Pointer[wanted]
	rethink   atomic.Bool // wanted has changed
	audience  audience

	catalog   *bus.Catalog
	news      *news
	video     lane
	audio     lane
	report    time.Time // when the next sender report is due
	reports   int       // sent
	refreshed time.Time
	shown     bool // the first keyframe has been sent
	keyed     time.Time
	playing   atomic.Bool // something has been sent
	span      *trace.Span // of the join; nil where it is not traced
	freshest  time.Time   // when what has just been sent at the live edge was off the wire
	frames    int         // sent in this round of the fan's
	scratch   []byte
	lostVideo []uint16 // scratch, like the two below
	lostAudio []uint16
	numbers   []uint16

	resent   uint64        // packets
	tally    *ledger.Tally // for others to read
	feedback feedback
	told     atomic.Bool // there is feedback to act on

	ended func()
	letGo func(cause error)
	way   turn.Way
	fan   atomic.Pointer[fan]
	gone  bool // guarded by room.mu
}

func newViewer(room *Room, r resource.Request, sub *bus.Subscriber, leave func(cause error), begun time.Time) *viewer {
	asked := wish(r)
	asked.Credential = "" // what it may do later it asks for with its own
	v := &viewer{
		room: room, sub: sub, stream: sub.Stream(), asked: asked,
		label: r.ID[:8], begun: begun, ssrcs: newSources(), ended: r.Ended, letGo: leave,
	}
	v.wanted.Store(&wanted{})
	v.feedback.room = room
	v.way.Relays = room.observe.Relays
	return v
}

// own makes the endpoint the viewer's.
func (v *viewer) own(e *sender.Endpoint) sender.Events {
	v.endpoint = e
	return v
}

// settle begins with what was negotiated: it takes the tracks that are made for
// this viewer, until its end. It is false if that has come already.
func (v *viewer) settle(c choice) bool {
	v.choice = c
	video, audio := v.ssrcs[av.Video], v.ssrcs[av.Audio]
	v.video = newLane(c.video, video.primary, video.repair)
	v.audio = newLane(c.audio, audio.primary, audio.repair)
	for _, s := range []*slot{c.video, c.audio} {
		if s != nil {
			s.media = nil
		}
	}
	release := v.room.derive.Want(v.stream, c.codecs())
	v.room.mu.Lock()
	over, leave := v.gone, v.letGo
	v.letGo = func(cause error) { release(); leave(cause) }
	v.room.mu.Unlock()
	if over {
		release()
		return false
	}
	v.answered.Store(true)
	return true
}

// answer is what the viewer is told.
func (v *viewer) answer(o *description.Offer, e *sender.Endpoint, peer netip.Addr) *description.Answer {
	local := e.Local()
	a := &description.Answer{
		Ufrag: local.Ufrag, Pwd: local.Pwd, Fingerprint: local.Fingerprint,
		Name: v.label, Direction: description.SendOnly, Alone: !o.Bundle,
		Candidates: v.room.transport.Candidates(peer),
	}
	for i := range o.Media {
		l := &v.video
		if o.Media[i].Kind == av.Audio {
			l = &v.audio
		}
		m := description.AnswerMedia{Media: &o.Media[i], SSRC: l.writer.SSRC()}
		for _, f := range l.slot.formats {
			m.Formats = append(m.Formats, f.Keeping("nack", "nack pli", "ccm fir"))
			if f.RTX != 0 {
				m.RTXSSRC = l.rtx.SSRC()
			}
		}
		if l.patient.id != 0 {
			m.Extensions = []description.Extension{{ID: l.patient.id, URI: extensionPlayoutDelay}}
		}
		a.Media = append(a.Media, m)
	}
	return a
}

// Agent is the viewer's end of ICE.
func (v *viewer) Agent() resource.Agent { return v.endpoint }

// Authorize asks the gate anew: what let the viewer in may be over.
func (v *viewer) Authorize(ctx context.Context, credential string) error {
	asked := v.asked
	asked.Credential = credential
	if err := v.room.gate.Authorize(ctx, asked); err != nil {
		return problemOf(err)
	}
	return nil
}

// Close ends the session because the viewer asked for it.
func (v *viewer) Close() { v.end(sender.ErrLeft) }

// Connected puts the viewer into a fan, which serves it from here on.
func (v *viewer) Connected() {
	v.reached()
	v.arrived()
	v.room.join(v)
}

// Feedback takes what the viewer says of its reception.
func (v *viewer) Feedback(rtcp []byte) {
	if v.feedback.read(rtcp) {
		v.told.Store(true)
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
	transport, remote := v.way.Of(v.endpoint.Transport(), v.endpoint.Remote())
	letGo := v.room.part(v)
	letGo(cause)
	v.failed(cause)
	v.strayed(cause)
	v.ended()
	v.audience.close(errors.Is(cause, bus.ErrShutdown) || errors.Is(cause, sender.ErrClosed))
	lost, refreshes := v.feedback.seen()
	v.room.log.Info("viewer closed", "stream", v.stream.Name(), "session", v.label,
		"remote", remote, "transport", transport, "cause", cause, "duration", time.Since(v.begun).Round(time.Millisecond),
		"lost", lost, "refreshes", refreshes)
}

// serve sends what is there; it returns when something not yet due will be, or
// the zero time.
func (v *viewer) serve(b *sender.Burst, now time.Time) time.Time {
	v.freshest = time.Time{}
	if !b.To(v.endpoint) {
		return time.Time{}
	}
	if c, again := v.stream.Catalog(), v.rethink.Swap(false); again || c != v.catalog {
		v.follow(c)
	}
	if v.told.Swap(false) {
		v.recover(b, now)
	}
	due := v.video.serve(v.sub.Video(), b, v, now)
	if until := v.ride(b, now); until.IsZero() {
		v.audio.serve(v.sub.Audio(), b, v, now)
	} else {
		due = sooner(due, until)
	}
	_ = b.Flush() // as in lane.serve
	due = sooner(due, sooner(v.video.twins(b, v, now), v.audio.twins(b, v, now)))
	if !now.Before(v.report) {
		v.sendReports(b, now)
	}
	return due
}

// sooner is the earlier of two times, of which the zero one is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// recover does what the viewer's feedback asks for.
func (v *viewer) recover(b *sender.Burst, now time.Time) {
	var refresh bool
	refresh, v.lostVideo, v.lostAudio = v.feedback.take(v.lostVideo[:0], v.lostAudio[:0], v.video.writer.SSRC())
	if len(v.lostVideo) > 0 {
		v.video.recover(v.lostVideo, b, v, now)
	}
	if len(v.lostAudio) > 0 {
		v.audio.recover(v.lostAudio, b, v, now)
	}
	if refresh && now.Sub(v.refreshed) > refreshInterval {
		v.refreshed = now
		v.room.counters.refreshes.Add(1)
		v.sub.Video().Restart()
	}
}

// roundTrip is as the viewer's reports have it, or before the first of them as its
// connectivity checks do.
func (v *viewer) roundTrip() time.Duration {
	if rtt := v.feedback.roundTrip(); rtt != 0 {
		return rtt
	}
	return v.endpoint.RoundTrip()
}

// sendReports sends a sender report for each track that has begun: what is live
// now was, by the stream's one clock, at this wall time.
func (v *viewer) sendReports(b *sender.Burst, now time.Time) {
	live := v.stream.Live(now)
	v.scratch = v.scratch[:0]
	if v.video.writer.Begun() {
		v.scratch = v.video.writer.SenderReport(v.scratch, live, now, v.label)
	}
	if v.audio.writer.Begun() {
		v.scratch = v.audio.writer.SenderReport(v.scratch, live, now, v.label)
	}
	if len(v.scratch) == 0 {
		return
	}
	_ = b.Control(v.scratch) // lost ones are followed by others
	v.tell(now)
	if v.reports++; v.reports < soonReports {
		v.report = now.Add(soonInterval)
	} else {
		v.report = now.Add(reportInterval)
	}
}

// measure tells what the gateway has added, once what was sent has left.
func (v *viewer) measure(now time.Time) {
	if !v.freshest.IsZero() {
		v.room.observe.Added.Observe(now.Sub(v.freshest).Seconds())
	}
}

// sentFrame takes notes.
func (v *viewer) sentFrame(f *av.Frame, first, squeezed bool) {
	if first {
		v.playing.Store(true)
		v.report = time.Time{} // the receiver cannot lay the track beside the other without one
	}
	if f.Track.Kind == av.Video && !v.shown {
		v.shown = true
		v.room.observe.Join.Observe(time.Since(v.begun).Seconds())
		v.showed()
	}
	if !squeezed {
		v.freshest = f.Arrived
	}
	v.frames++
}

// sentFrames is how many frames went since it was asked last.
func (v *viewer) sentFrames() int {
	n := v.frames
	v.frames = 0
	return n
}
