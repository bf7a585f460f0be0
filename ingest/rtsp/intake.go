package rtsp

import (
	"log/slog"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"millrace/transmux/bus"
	"millrace/transmux/rtpio"
	"millrace/transmux/rtsp"
)

// intake writes what comes of a session's media to the bus. It belongs to the
// session's goroutine.
type intake struct {
	publisher *bus.Publisher
	log       *slog.Logger
	lossy     bool
	clock     rtpio.Clock
	lanes     []*lane
	jumps     uint64 // of the lanes' timestamps
	strange   bool   // a payload type that nobody described: that was said
}

// newIntake plans for media. It has no lanes where none can be taken.
func newIntake(media []rtsp.Media, log *slog.Logger) *intake {
	in := &intake{log: log}
	var skipped []string
	in.lanes, skipped = plan(media)
	for _, why := range skipped {
		log.Warn("rtsp: media left out", "media", why)
	}
	for _, l := range in.lanes {
		l.clock = in.clock.Add(l.kind(), l.codings[0].clockRate())
		for _, c := range l.codings {
			if c.note != "" {
				log.Warn("rtsp: parameter sets of the session description ignored", "format", c.format, "cause", c.note)
			}
		}
	}
	return in
}

func (in *intake) lane(media int) *lane {
	for _, l := range in.lanes {
		if l.media == media {
			return l
		}
	}
	return nil
}

// take takes one packet.
func (in *intake) take(media int, p *rtp.Packet, arrived time.Time) {
	l := in.lane(media)
	if l == nil {
		return
	}
	before := l.coding
	if !l.turn(p.PayloadType, in.lossy) {
		if !in.strange {
			in.strange = true
			in.log.Warn("rtsp: packets of a payload type that was not described", "type", p.PayloadType, "media", media)
		}
		return
	}
	switch {
	case before == nil && l.coding.clockRate() != l.codings[0].clockRate(), before != nil && before != l.coding:
		in.clock.Restart(l.clock, l.coding.clockRate())
		l.leap.Restart()
	case l.begun && l.ssrc != p.SSRC:
		l.inbound.Restart()
		in.clock.Restart(l.clock, l.coding.clockRate())
		l.leap.Restart()
	}
	l.begun, l.ssrc = true, p.SSRC
	l.inbound.Push(rtpio.Packet{
		Seq: p.SequenceNumber, Timestamp: p.Timestamp, Marker: p.Marker, Payload: p.Payload, Arrived: arrived,
	})
	in.write(l, arrived)
}

// report takes a sender report.
func (in *intake) report(media int, p rtcp.Packet) {
	r, ok := p.(*rtcp.SenderReport)
	l := in.lane(media)
	if !ok || l == nil || l.begun && l.ssrc != r.SSRC {
		return
	}
	in.clock.Report(l.clock, r.NTPTime, r.RTPTime)
}

// release writes what is no longer worth waiting for.
func (in *intake) release(now time.Time) {
	for _, l := range in.lanes {
		if l.inbound == nil {
			continue
		}
		if due := l.inbound.Deadline(); !due.IsZero() && !now.Before(due) {
			in.write(l, now)
		}
	}
}

// write puts a lane's finished frames on the bus.
func (in *intake) write(l *lane, now time.Time) {
	for _, unit := range l.inbound.Frames(now) {
		if unit.Track != nil {
			t := *unit.Track
			t.Rendition = l.rendition
			if l.track != nil {
				t.ID = l.track.ID
			}
			l.track = in.publisher.SetTrack(t)
			in.log.Info("rtsp: track", "kind", t.Kind, "codec", t.Codec, "profile", t.Profile,
				"width", t.Width, "height", t.Height, "rate", t.SampleRate, "channels", t.Channels)
		}
		if l.track == nil {
			continue
		}
		f := unit.Frame
		f.Track = l.track
		if l.leap.Jumped(unit.Timestamp, l.coding.clockRate(), f.Arrived) {
			in.jumps++
			in.log.Debug("rtsp: timestamps jumped", "kind", l.track.Kind)
		}
		f.PTS, f.DTS = in.place(l, unit.Timestamp, f.Arrived)
		in.publisher.Write(f)
	}
	in.suspect(l)
}

// place says when a frame is to be shown and decoded. RTP only says the former;
// where pictures come in another order, the latter is as far before it as they
// have been out of order so far.
func (in *intake) place(l *lane, timestamp uint32, arrived time.Time) (pts, dts time.Duration) {
	pts, dts = in.clock.At(l.clock, timestamp, arrived)
	if dts-pts > maxReorder {
		in.clock.Restart(l.clock, l.coding.clockRate())
		pts, dts = in.clock.At(l.clock, timestamp, arrived)
	}
	l.reorder = max(l.reorder, dts-pts)
	dts -= l.reorder
	if l.placed {
		dts = max(dts, l.dts+time.Microsecond)
	}
	l.dts, l.placed = dts, true
	return pts, dts
}

// suspect says, once, that a lane's media is not what was described.
func (in *intake) suspect(l *lane) {
	if l.lied {
		return
	}
	if s := l.inbound.Stats(); s.Frames == 0 && s.Skipped >= lyingAfter {
		l.lied = true
		in.log.Warn("rtsp: what comes is not what was described, or has no keyframe",
			"format", l.coding.format, "packets", s.Received, "lost", s.Lost)
	}
}

// sum adds up what the lanes counted.
func (in *intake) sum() (all rtpio.Stats) {
	for _, l := range in.lanes {
		s := l.stats()
		all.Received += s.Received
		all.Bytes += s.Bytes
		all.Lost += s.Lost
		all.Frames += s.Frames
		all.Skipped += s.Skipped
	}
	return all
}
