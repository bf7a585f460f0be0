package whep

import (
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/sender"
	"millrace/transmux/rtpio"
)

// lane is one track's way to one viewer.
type lane struct {
	writer  rtpio.Writer
	ramp    rtpio.Ramp
	entries uint32 // of the cursor, when the ramp was planned
	sent    uint64 // frames
	left    uint64 // B-frames left out
}

// serve sends what the cursor has up to the live edge, or up to what is not yet
// due; it returns when that is.
func (l *lane) serve(c *bus.Cursor, s *bus.Stream, b *sender.Burst, v *viewer, now time.Time) time.Time {
	for f := c.Peek(); f != nil; f = c.Peek() {
		if f.Type == av.Bidirectional {
			// Browsers cannot play them, and nothing that is left refers to them.
			c.Advance()
			l.left++
			continue
		}
		if c.Entries() != l.entries {
			l.entries = c.Entries()
			l.ramp = rtpio.Ramp{}
			if f.Type == av.Key {
				l.ramp = rtpio.NewRamp(now, f.DTS, s.Edge(now))
			}
		}
		due, shift := l.ramp.At(f.DTS)
		if due.After(now) {
			return due
		}
		c.Advance()
		l.send(f, f.PTS+shift, b)
		v.sentFrame(f, l.sent == 1, l.ramp.Running())
	}
	return time.Time{}
}

// send is one frame: sealed packet by packet, and sent in as few calls as its
// packets' sizes allow.
func (l *lane) send(f *av.Frame, pts time.Duration, b *sender.Burst) {
	l.writer.Frame(pts)
	last := len(f.Payloads) - 1
	for i := range f.Payloads {
		packet, index := l.writer.Append(b.Room(), &f.Payloads[i], i == last)
		b.Add(packet, rtpio.HeaderSize, index)
	}
	_ = b.Flush() // an unreachable viewer is found out by its consent
	l.sent++
}
