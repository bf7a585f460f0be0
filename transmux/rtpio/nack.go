package rtpio

import "time"

const (
	// A packet that others overtake comes by itself, most often: it is asked for
	// when so much time has gone by, or so many packets.
	firstAskAfter   = 10 * time.Millisecond
	firstAskPackets = 3
	// minAgain is the least distance between two requests for a packet, for round
	// trips that are unknown or shorter than a sender's pacing.
	minAgain = 20 * time.Millisecond
	// maxAsks bounds the requests for one packet.
	maxAsks = 10
)

// Missing returns the sequence numbers to ask the sender for (RFC 4585 section
// 6.2.1), and takes them for asked: each first when it cannot be on its way any
// more, then again after every round trip. The slice is valid until the next call.
func (in *Inbound) Missing(now time.Time, rtt time.Duration) []uint16 {
	b := &in.buffer
	if !in.options.Retransmits || b.missing == 0 {
		return nil
	}
	b.again = max(rtt, minAgain)
	at := now.Sub(b.epoch)
	b.ask = b.ask[:0]
	for seq, left := b.next, b.missing; left > 0; seq++ {
		s := b.at(seq)
		if s.present {
			continue
		}
		left--
		if s.asks < maxAsks && b.askAt(seq, s) <= at {
			s.asks++
			s.asked = at
			b.ask = append(b.ask, uint16(seq))
		}
	}
	in.stats.Asked += uint64(len(b.ask))
	return b.ask
}

// askAt is when a missing packet is to be asked for, since the epoch.
func (b *buffer) askAt(seq int64, s *slot) time.Duration {
	switch {
	case s.asks > 0:
		return s.asked + b.again
	case b.end-1-seq >= firstAskPackets:
		return s.noticed
	default:
		return s.noticed + firstAskAfter
	}
}

// Deadline is when to call Frames and Missing again though no packet has come:
// a hole's time runs out, or a packet is to be asked for. It is zero when
// nothing is missing.
func (in *Inbound) Deadline() time.Time {
	b := &in.buffer
	if b.missing == 0 {
		return time.Time{}
	}
	first := b.at(b.next).noticed + in.options.MaxWait
	if in.options.Retransmits {
		for seq, left := b.next, b.missing; left > 0; seq++ {
			s := b.at(seq)
			if s.present {
				continue
			}
			left--
			if s.asks < maxAsks {
				first = min(first, b.askAt(seq, s))
			}
		}
	}
	return b.epoch.Add(first)
}
