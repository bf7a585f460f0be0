package rtpio

import (
	"time"

	"millrace/transmux/av"
)

// depacketizer puts one codec's frames together again from their payloads. The
// payloads it gets are not empty, without holes, and of one frame at a time.
type depacketizer interface {
	// begins reports whether a payload says of itself that a frame begins with it,
	// so that nothing of that frame can have been lost before.
	begins(payload []byte) bool
	// add takes the frame's next payload and keeps nothing of it; first forgets
	// whatever came before.
	add(payload []byte, first bool) error
	// frame makes the frame of what was added. It is nil without an error when
	// there is nothing to decode in it. The track in force is t; changed is a new
	// one, which may come without a frame, else nil.
	frame(t *av.Track) (f *av.Frame, changed *av.Track, err error)
}

// parted is the depacketizer of a sound whose frames may take several packets, and
// of which one packet may hold several.
type parted interface {
	// partial is true while a frame needs more packets.
	partial() bool
	// more is the next frame of what was added, behind the one that frame made, and
	// by how many ticks it is later than that; nil when there is none.
	more() (f *av.Frame, ticks uint32)
}

func newDepacketizer(c av.Codec, o Options) depacketizer {
	switch c {
	case av.H264:
		return &depayH264{}
	case av.H265:
		return &depayH265{}
	case av.VP8:
		return &depayVP8{}
	case av.VP9:
		return &depayVP9{}
	case av.AV1:
		return &depayAV1{}
	case av.Opus:
		return &depayOpus{}
	case av.PCMU, av.PCMA:
		return &depayPCM{}
	case av.AAC:
		if o.AAC.LATM {
			return &depayLATM{units: units{rate: o.ClockRate}}
		}
		return &depayAAC{units: units{rate: o.ClockRate}, packing: o.AAC.withDefaults()}
	case av.MP3:
		return &depayMP3{}
	case av.AC3:
		return &depayAC3{}
	default:
		return nil
	}
}

// assembler makes frames of packets in sequence. A frame ends with the marker
// or with the next timestamp; every packet of an audio track is one.
type assembler struct {
	depay depacketizer
	parts parted // depay, if it is one
	video bool
	stats *Stats
	out   []Unit

	track *av.Track
	told  bool // track went out with a unit

	open      bool // a frame is being put together
	damaged   bool // something of it is missing or wrong
	timestamp uint32
	arrived   time.Time

	ended   bool // the last packet ended a frame, so that the next one begins one
	gapped  bool // packets are missing before the next one
	waiting bool // for a keyframe
	lost    bool // frames are dropped until then
}

func newAssembler(d depacketizer, t *av.Track, s *Stats) assembler {
	video := t.Kind == av.Video
	parts, _ := d.(parted)
	return assembler{depay: d, parts: parts, video: video, stats: s, track: t, gapped: true, waiting: video}
}

// push takes the next packet in sequence.
func (a *assembler) push(p *Packet) {
	if len(p.Payload) == 0 {
		return
	}
	if a.open && p.Timestamp != a.timestamp {
		a.finish()
	}
	first := !a.open
	if first {
		known := a.ended && !a.gapped || !a.video
		a.open, a.damaged = true, !known && !a.depay.begins(p.Payload)
		a.timestamp, a.arrived = p.Timestamp, p.Arrived
	}
	a.ended, a.gapped = false, false
	if p.Arrived.After(a.arrived) {
		a.arrived = p.Arrived
	}
	if !a.damaged {
		a.damaged = a.depay.add(p.Payload, first) != nil
	}
	if a.damaged {
		a.lose() // now: the frame may never end
	}
	if p.Marker || a.whole() {
		a.finish()
	}
}

// whole is true of a sound that needs no more packets.
func (a *assembler) whole() bool {
	return !a.video && (a.damaged || a.parts == nil || !a.parts.partial())
}

// gap says that packets are missing before the next one.
func (a *assembler) gap() {
	a.gapped = true
	if a.open {
		a.damaged = true
	}
	a.lose()
}

// lose drops a video's frames until the next keyframe: they all need what is lost.
func (a *assembler) lose() {
	if a.video {
		a.waiting, a.lost = true, true
	}
}

// finish ends the frame.
func (a *assembler) finish() {
	a.open, a.ended = false, true
	if a.damaged {
		a.drop()
		return
	}
	f, changed, err := a.depay.frame(a.track)
	if changed != nil {
		a.track, a.told = changed, false
	}
	switch {
	case err != nil, f != nil && a.waiting && f.Type != av.Key:
		a.drop()
		return
	case f == nil:
		return
	}
	a.waiting, a.lost = false, false
	f.Arrived = a.arrived
	u := Unit{Frame: f, Timestamp: a.timestamp}
	if !a.told {
		u.Track, a.told = a.track, true
	}
	a.out = append(a.out, u)
	a.stats.Frames++
	if a.parts == nil {
		return
	}
	for f, ticks := a.parts.more(); f != nil; f, ticks = a.parts.more() {
		f.Arrived = a.arrived
		a.out = append(a.out, Unit{Frame: f, Timestamp: a.timestamp + ticks})
		a.stats.Frames++
	}
}

// drop leaves a frame out.
func (a *assembler) drop() {
	a.stats.Skipped++
	a.lose()
}
