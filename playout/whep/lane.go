package whep

import (
	"slices"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/description"
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
	asks    bool   // the viewer asks for what it misses
	past    history
	budget  float64 // bytes that may be sent again
	repairs repairs
	patient patience
	held    hold
	format  *description.Format // of what is sent now
	red     rtpio.RED
	beat    beat
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
	l.asks = slices.Contains(first.Feedback, "nack")
	l.format = first
	return l
}

// carry turns to a track's codec.
func (l *lane) carry(t *av.Track) {
	if f := l.slot.format(t.Codec); f != nil {
		l.writer.Turn(f.PayloadType, f.ClockRate)
		l.rtx.Turn(f.RTX)
		l.format = f
	}
}

// serve sends what the cursor has up to the live edge, or up to what is not yet
// due; it returns when that is. What a viewer's connection does not take now stays
// in the ring: one that falls too far behind loses GOPs, never packets. The last
// frame stays in the burst, for what leaves behind it to ride with it.
func (l *lane) serve(c *bus.Cursor, b *sender.Burst, v *viewer, now time.Time) time.Time {
	sent := false
	for f := c.Peek(); f != nil; f = c.Peek() {
		if f.Type == av.Bidirectional {
			// Browsers cannot play them, and nothing that is left refers to them.
			c.Advance()
			v.room.counters.bFrames.Add(1)
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
		if until := l.heldUntil(f, b, v, now); until.After(now) {
			return until
		}
		if sent {
			_ = b.Flush() // an unreachable viewer is found out by its consent
		}
		if !b.Ready() {
			break
		}
		c.Advance()
		sent = true
		first := !l.writer.Begun()
		l.writer.Frame(f.PTS + f.Held + shift)
		if !l.sendTwice(f, b, v, now) {
			l.send(f, b, now)
		}
		if first {
			l.insist(f, b)
		}
		l.beat.note(f)
		v.sentFrame(f, first, l.ramp.Running())
	}
	return time.Time{}
}

// send is one frame: sealed packet by packet, and sent in as few calls as its
// packets' sizes allow.
func (l *lane) send(f *av.Frame, b *sender.Burst, now time.Time) {
	index, timestamp := l.writer.Position()
	extension := l.patient.extension(now)
	l.writer.Extend(extension)
	if l.asks {
		l.past.add(sent{
			first: index, seq: f.Seq, at: uint32(now.UnixMilli()), timestamp: timestamp,
			extension: extension, packets: uint16(len(f.Payloads)),
		})
	}
	last := len(f.Payloads) - 1
	for i := range f.Payloads {
		packet, index := l.writer.Append(b.Room(), &f.Payloads[i], i == last)
		l.budget += resendShare * float64(len(packet))
		b.Add(packet, extension.HeaderSize(), index)
	}
	l.budget = min(l.budget, resendBurst)
}

// sendTwice is send for a sound on a bad line, which has no time to ask: it takes
// the packet before with it. It is false where there is nothing to take, or no
// need.
func (l *lane) sendTwice(f *av.Frame, b *sender.Burst, v *viewer, now time.Time) bool {
	if l.format.RED == 0 || len(f.Payloads) != 1 || !v.feedback.lossy(now) {
		return false
	}
	_, timestamp := l.writer.Position()
	both, ok := l.red.Wrap(&f.Payloads[0], timestamp, l.format.PayloadType)
	l.red.Remember(&f.Payloads[0], timestamp)
	if !ok {
		return false
	}
	extension := l.patient.extension(now)
	l.writer.Extend(extension)
	l.writer.Turn(l.format.RED, l.format.ClockRate)
	packet, index := l.writer.Append(b.Room(), &both, true)
	l.writer.Turn(l.format.PayloadType, l.format.ClockRate)
	b.Add(packet, extension.HeaderSize(), index)
	return true
}

// insist sends a viewer's very first packet twice: what comes before the first
// that arrives nobody misses, and nobody asks for.
func (l *lane) insist(f *av.Frame, b *sender.Burst) {
	if l.asks && len(f.Payloads) > 1 {
		was := l.past.newest()
		l.repeat(&f.Payloads[0], was, was.first, b)
	}
}

// recover sends packets again that the viewer misses, by the numbers that they
// had, and on a bad line has each followed by a twin.
func (l *lane) recover(numbers []uint16, b *sender.Burst, v *viewer, now time.Time) {
	roundTrip := v.roundTrip()
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
		v.room.counters.notResent.Add(1)
		return false
	}
	v.room.counters.resent.Add(1)
	v.resent++
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
