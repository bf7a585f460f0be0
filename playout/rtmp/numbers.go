package rtmp

import (
	"time"

	"millrace/transmux/ledger"
)

// tell leaves how the player is doing, once in a while.
func (p *player) tell(now time.Time) {
	if p.tally == nil || !p.tally.Due(now) {
		return
	}
	n := ledger.Numbers{
		Transport: "tcp", Bytes: p.bytes, Packets: p.frames, Connecting: p.frames == 0,
		Skipped: uint64(p.sub.Video().Jumps()), Behind: p.sub.Behind(),
	}
	if t := p.video.track; t != nil {
		n.Video, n.Rendition = t.Codec.String(), t.Rendition
	}
	if t := p.audio.track; t != nil {
		n.Audio = t.Codec.String()
	}
	p.tally.Tell(n, now)
}
