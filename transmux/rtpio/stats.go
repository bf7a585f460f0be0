package rtpio

import "time"

// Stats counts what one Inbound has seen since it began. Packets and frames are
// counted once.
type Stats struct {
	Received   uint64 // packets, without duplicates
	Bytes      uint64 // of their payloads
	Asked      uint64 // sequence numbers that Missing returned, again and again counted
	Recovered  uint64 // packets that came after they had been asked for
	Reordered  uint64 // packets that others had overtaken
	Duplicates uint64 // packets that came twice, or after they had been given up
	Lost       uint64 // packets given up
	Restarts   uint64 // the sender's numbers began anew
	Frames     uint64 // handed out
	Skipped    uint64 // frames dropped: with a hole, malformed, or before a keyframe
	// Highest is the newest sequence number, extended by its turns, and Jitter the
	// interarrival jitter, as receiver reports tell them (RFC 3550 section 6.4.1);
	// those count jitter in units of the track's RTP clock.
	Highest uint32
	Jitter  time.Duration
}

// Stats returns the counters.
func (in *Inbound) Stats() Stats {
	s := in.stats
	if in.buffer.started {
		s.Highest = uint32(in.buffer.end - 1)
	}
	s.Jitter = in.jitter.mean
	return s
}

// jitter is the estimate of RFC 3550 section 6.4.1 and appendix A.8, over the
// packets that came in order.
type jitter struct {
	rate      int64
	mean      time.Duration
	arrived   time.Time
	timestamp uint32
	started   bool
}

func (j *jitter) add(p *Packet) {
	if j.started {
		sent := ticksToDuration(int64(int32(p.Timestamp-j.timestamp)), j.rate)
		d := p.Arrived.Sub(j.arrived) - sent
		if d < 0 {
			d = -d
		}
		// A timestamp that begins anew is no jitter.
		if d < time.Second {
			j.mean += (d - j.mean) / 16
		}
	}
	j.arrived, j.timestamp, j.started = p.Arrived, p.Timestamp, true
}

// ticksToDuration is how long that many ticks of a clock take.
func ticksToDuration(ticks, rate int64) time.Duration {
	// In two steps: ticks times nanoseconds overflow after 28 hours of 90 kHz.
	return time.Duration(ticks/rate)*time.Second + time.Duration(ticks%rate)*time.Second/time.Duration(rate)
}
