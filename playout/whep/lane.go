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
	past    *history
	budget  float64 // bytes that may be sent again
}

func newLane(s *slot, primary, repair uint32) lane {
	l := lane{slot: s, budget: resendBurst / 4}
	if s == nil {
		return l
	}
	first := s.formats[0]
	l.writer = rtpio.NewWriter(primary, first.PayloadType, first.ClockRate)
	l.rtx = rtpio.NewRTX(repair, first.RTX)
	l.past = &history{}
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
		l.send(f, f.PTS+shift, b)
		v.sentFrame(f, first, l.ramp.Running())
	}
	return time.Time{}
}

// send is one frame: sealed packet by packet, and sent in as few calls as its
// packets' sizes allow.
func (l *lane) send(f *av.Frame, pts time.Duration, b *sender.Burst) {
	l.writer.Frame(pts)
	index, timestamp := l.writer.Position()
	l.past.add(sent{first: index, seq: f.Seq, timestamp: timestamp, packets: uint16(len(f.Payloads))})
	last := len(f.Payloads) - 1
	for i := range f.Payloads {
		packet, index := l.writer.Append(b.Room(), &f.Payloads[i], i == last)
		l.budget += resendShare * float64(len(packet))
		b.Add(packet, rtpio.HeaderSize, index)
	}
	l.budget = min(l.budget, resendBurst)
	_ = b.Flush() // an unreachable viewer is found out by its consent
}

// resend sends packets again, by the numbers that they had; it returns how many.
func (l *lane) resend(numbers []uint16, b *sender.Burst, s *bus.Stream) (repeated int) {
	for _, number := range numbers {
		p, was, index := l.past.find(number, s)
		if p == nil || l.budget < float64(p.Size()) {
			continue
		}
		l.budget -= float64(p.Size())
		marker := index == was.first+uint64(was.packets)-1
		if l.rtx.Offered() {
			packet, index := l.rtx.Append(b.Room(), p, marker, number, was.timestamp)
			b.Add(packet, rtpio.HeaderSize, index)
		} else {
			b.Add(l.writer.Repeat(b.Room(), p, marker, index, was.timestamp), rtpio.HeaderSize, index)
		}
		repeated++
	}
	_ = b.Flush()
	return repeated
}
