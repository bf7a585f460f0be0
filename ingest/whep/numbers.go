package whep

import "millrace/transmux/ledger"

// numbers are how the source is doing; from any goroutine.
func (s *session) numbers() ledger.Numbers {
	f := s.Figures()
	n := ledger.Numbers{
		At: f.At, Bytes: f.Bytes, Packets: f.Stats.Received, Lost: f.Stats.Lost, Resent: f.Stats.Recovered,
		Keyframes: f.Refreshes, RoundTrip: f.RoundTrip, Jitter: f.Jitter, Connecting: f.Stats.Received == 0,
		ClockJumps: f.Jumps,
		Transport:  s.endpoint.Transport(),
	}
	if f.Video != 0 {
		n.Video = f.Video.String()
	}
	if f.Audio != 0 {
		n.Audio = f.Audio.String()
	}
	if at := s.endpoint.Remote(); at.IsValid() {
		n.Remote = at.String()
	}
	return n
}
