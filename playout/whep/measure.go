package whep

import (
	"errors"
	"time"

	"github.com/pion/rtcp"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/sender"
	"millrace/transmux/rtpio"
)

// Phases are the parts of a join, one after the other; nil ones are not measured.
type Phases struct {
	Answer   Observer // from the offer to its answer
	ICE      Observer // to the viewer's first valid connectivity check
	DTLS     Observer // to the end of the handshake
	Keyframe Observer // to the first keyframe sent
}

// Stages are the parts of the added latency that a fan knows, each measured once a
// frame; nil ones are not measured.
type Stages struct {
	Dispatch Observer // from a frame's last byte off the wire to its turn in a fan
	Send     Observer // from there until it has gone to all viewers of the fan
}

// Reports are what viewers say of their reception; nil ones are not measured.
type Reports struct {
	Loss      Observer // the share of packets lost since the report before, 0 to 1
	RoundTrip Observer // seconds
}

func observe(o Observer, d time.Duration) {
	if o != nil {
		o.Observe(d.Seconds())
	}
}

// The phases in which a join can fail.
const (
	failedICE = iota
	failedDTLS
	failedMedia
	failedPhases
)

// phaseNames are what these are called, in their order.
var phaseNames = [failedPhases]string{"ice", "dtls", "media"}

// reached measures how the viewer came to be connected.
func (v *viewer) reached() {
	m := v.endpoint.Milestones()
	v.keyed = m.Keyed
	v.span.Past("ice", m.Opened, m.Reached)
	v.span.Past("dtls", m.Reached, m.Keyed)
	if !m.Reached.IsZero() {
		observe(v.room.observe.Phases.ICE, m.Reached.Sub(m.Opened))
		observe(v.room.observe.Phases.DTLS, m.Keyed.Sub(m.Reached))
	}
}

// showed measures the first keyframe, with which a join is done.
func (v *viewer) showed() {
	now := time.Now()
	observe(v.room.observe.Phases.Keyframe, now.Sub(v.keyed))
	v.span.Past("keyframe", v.keyed, now)
	v.span.End(nil)
}

// failed counts a viewer that goes without having been sent anything, unless it
// was its own wish, or the stream's or the gateway's end.
func (v *viewer) failed(cause error) {
	if v.playing.Load() {
		v.span.End(nil) // it only heard
		return
	}
	defer v.span.End(cause)
	for _, fair := range []error{sender.ErrLeft, sender.ErrClosed, bus.ErrShutdown, bus.ErrEnded} {
		if errors.Is(cause, fair) {
			return
		}
	}
	phase := failedMedia
	switch m := v.endpoint.Milestones(); {
	case m.Reached.IsZero():
		phase = failedICE
	case m.Keyed.IsZero():
		phase = failedDTLS
	}
	v.room.counters.failed[phase].Add(1)
}

// rounds measures a fan's rounds of its viewers.
type rounds struct{ newest *av.Frame }

// begin is when a round began that has a new frame to send; the zero time else.
func (r *rounds) begin(f *fan) time.Time {
	newest := f.stream.Newest()
	if newest == nil || newest == r.newest {
		return time.Time{}
	}
	r.newest = newest
	now := time.Now()
	observe(f.room.observe.Stages.Dispatch, now.Sub(newest.Arrived))
	return now
}

func (r *rounds) end(f *fan, begun time.Time) {
	if !begun.IsZero() {
		observe(f.room.observe.Stages.Send, time.Since(begun))
	}
}

// loss is how many packets of a source a viewer has reported lost. The zero value
// is of none.
type loss struct {
	ssrc   uint32
	total  uint64
	jitter uint32 // of the last report, in ticks of the track's clock
}

// negativeLoss is from where on a report's count of 24 bits is a negative one: more
// packets came than were sent, some of them twice (RFC 3550 section 6.4.1).
const negativeLoss = 1 << 23

// note takes what a report says of one source. Viewers report picture and sound
// together or each by itself.
func (f *feedback) note(r *rtcp.ReceptionReport, now time.Time) {
	f.count(func(c *counters) { c.reports.Add(1) })
	for i := range f.losses {
		l := &f.losses[i]
		if l.ssrc != r.SSRC && l.ssrc != 0 {
			continue
		}
		l.ssrc, l.jitter = r.SSRC, r.Jitter
		if total := uint64(r.TotalLost); total > l.total && total < negativeLoss {
			f.lost += total - l.total
			f.count(func(c *counters) { c.lost.Add(total - l.total) })
			l.total = total
		}
		break
	}
	if f.room == nil {
		return
	}
	if o := f.room.observe.Reports.Loss; o != nil {
		o.Observe(float64(r.FractionLost) / 256)
	}
	if trip := rtpio.RoundTrip(r.LastSenderReport, r.Delay, now); trip > 0 {
		observe(f.room.observe.Reports.RoundTrip, trip)
	}
}

func (f *feedback) count(do func(c *counters)) {
	if f.room != nil {
		do(&f.room.counters)
	}
}
