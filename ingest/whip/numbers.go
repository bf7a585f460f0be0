package whip

import (
	"millrace/transmux/ledger"
)

// numbers are how the publisher is doing; from any goroutine.
func (s *session) numbers() ledger.Numbers {
	f := s.Figures()
	n := ledger.Numbers{
		At: f.At, Bytes: f.Bytes, Packets: f.Stats.Received, Lost: f.Stats.Lost, Resent: f.Stats.Recovered,
		Keyframes: f.Refreshes, RoundTrip: f.RoundTrip, Jitter: f.Jitter, Connecting: f.Stats.Received == 0,
		ClockJumps: f.Jumps,
	}
	if f.Video != 0 {
		n.Video = f.Video.String()
	}
	if f.Audio != 0 {
		n.Audio = f.Audio.String()
	}
	if e := s.reached.Load(); e != nil {
		transport, at := s.way.Of(e.Transport(), e.Remote())
		n.Transport = transport
		if at.IsValid() {
			n.Remote = at.String()
		}
	}
	return n
}
