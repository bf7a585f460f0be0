package whep

import (
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/sender"
	"millrace/transmux/rtpio"
)

const (
	// resendShare is how much of what it is sent a viewer may have sent again: a
	// line that loses more than a third has no use for more packets.
	resendShare = 0.5
	// resendBurst is the most that is saved up, in bytes: a lost keyframe.
	resendBurst = 256 << 10
)

// lane is one track's way to one viewer.
type lane struct {
	slot    *slot
	writer  rtpio.Writer
	rtx     rtpio.RTX
	ramp    rtpio.Ramp
	entries uint32 // of the cursor, when the ramp was planned
	past    history
	budget  float64 // bytes that may be sent again
	repairs repairs
	patient patience
}

func newLane(s *slot, primary, repair uint32) lane {
	l := lane{slot: s, budget: resendBurst / 4}
	if s == nil {
		return l
	}
	first := s.formats[0]
	l.writer = rtpio.NewWriter(primary, first.PayloadType, first.ClockRate)
	l.rtx = rtpio.NewRTX(repair, first.RTX)
	l.patient.id = s.media.Extension(extensionPlayoutDelay)
	return l
}

// carry turns to a track's codec.
func (l *lane) carry(t *av.Track) {
	if f := l.slot.format(t.Codec); f != nil {
		l.writer.Turn(f.PayloadType, f.ClockRate)
		l.rtx.Turn(f.RTX)
	}
}

// serve sends what the cursor has up to the live edge, or up to what is not yet
// due; it returns when that is. What a viewer's connection does not take now stays
// in the ring: one that falls too far behind loses GOPs, never packets.
func (l *lane) serve(c *bus.Cursor, b *sender.Burst, v *viewer, now time.Time) time.Time {
	for f := c.Peek(); f != nil && b.Ready(); f = c.Peek() {
		if f.Type == av.Bidirectional {
			// Browsers cannot play them, and nothing that is left refers to them.
			c.Advance()
			continue
		}
		if c.Entries() != l.entries {
			l.entries = c.Entries()
			l.ramp = rtpio.Ramp{}
			if f.Type == av.Key {
				l.ramp = rtpio.NewRamp(now, f.DTS, v.stream.Edge(now))
			}
		}
		due, shift := l.ramp.At(f.DTS)
		if due.After(now) {
			return due
		}
		c.Advance()
		first := !l.writer.Begun()
		l.send(f, f.PTS+f.Held+shift, b, now)
		if first {
			l.insist(f, b)
		}
		v.sentFrame(f, first, l.ramp.Running())
	}
	return time.Time{}
}

// send is one frame: sealed packet by packet, and sent in as few calls as its
// packets' sizes allow.
func (l *lane) send(f *av.Frame, pts time.Duration, b *sender.Burst, now time.Time) {
	l.writer.Frame(pts)
	index, timestamp := l.writer.Position()
	extension := l.patient.extension(now)
	l.writer.Extend(extension)
	l.past.add(sent{
		first: index, seq: f.Seq, at: now.UnixNano(), timestamp: timestamp,
		extension: extension, packets: uint16(len(f.Payloads)),
	})
	last := len(f.Payloads) - 1
	for i := range f.Payloads {
		packet, index := l.writer.Append(b.Room(), &f.Payloads[i], i == last)
		l.budget += resendShare * float64(len(packet))
		b.Add(packet, extension.HeaderSize(), index)
	}
	l.budget = min(l.budget, resendBurst)
	_ = b.Flush() // an unreachable viewer is found out by its consent
}

// insist sends a viewer's very first packet twice: what comes before the first
// that arrives nobody misses, and nobody asks for.
func (l *lane) insist(f *av.Frame, b *sender.Burst) {
	if len(f.Payloads) > 1 {
		was := l.past.newest()
		l.repeat(&f.Payloads[0], was, was.first, b)
		_ = b.Flush()
	}
}

// recover sends packets again that the viewer misses, by the numbers that they
// had, and on a bad line has each followed by a twin.
func (l *lane) recover(numbers []uint16, b *sender.Burst, v *viewer, now time.Time) {
	roundTrip := v.feedback.roundTrip()
	if roundTrip == 0 {
		roundTrip = v.endpoint.RoundTrip()
	}
	missed := 0
	for _, number := range numbers {
		if l.repairs.crossed(number, now, roundTrip) {
			continue
		}
		missed++
		if !l.resend(number, b, v) {
			continue
		}
		l.repairs.note(number, now)
		if l.patient.Level(now) >= rtpio.BadWeather {
			l.repairs.twin(number, now)
		}
	}
	_ = b.Flush()
	if missed > 0 {
		l.patient.miss(missed, now, roundTrip)
	}
}

// twins sends what is due to go once more, and returns when there is more.
func (l *lane) twins(b *sender.Burst, v *viewer, now time.Time) time.Time {
	if len(l.repairs.twins) == 0 {
		return time.Time{}
	}
	numbers, next := l.repairs.due(v.numbers[:0], now)
	for _, number := range numbers {
		l.resend(number, b, v)
	}
	_ = b.Flush()
	v.numbers = numbers
	return next
}

// resend sends one packet again, false where that is not to be had or too much.
func (l *lane) resend(number uint16, b *sender.Burst, v *viewer) bool {
	p, was, index := l.past.find(number, v.stream)
	if p == nil || l.budget < float64(p.Size()) {
		return false
	}
	v.room.counters.resent.Add(1)
	l.budget -= float64(p.Size())
	if !l.rtx.Offered() {
		l.repeat(p, was, index, b)
		return true
	}
	packet, own := l.rtx.Append(b.Room(), p, was.last(index), number, was.timestamp)
	b.Add(packet, rtpio.HeaderSize, own)
	return true
}

// repeat puts a packet into the burst again, to the last bit as it was.
func (l *lane) repeat(p *av.Payload, was sent, index uint64, b *sender.Burst) {
	packet := l.writer.Repeat(b.Room(), p, was.last(index), index, was.timestamp, was.extension)
	b.Add(packet, was.extension.HeaderSize(), index)
}
