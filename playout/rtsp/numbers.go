package rtsp

import (
	"time"

	"millrace/transmux/av"
	"millrace/transmux/ledger"
	"millrace/transmux/rtsp"
)

// reported is what the player says of its reception, as far as it can be.
func (v *viewer) reported() (lost uint64, trip, jitter time.Duration) {
	lost, trip, jitter = v.heard.seen()
	return min(lost, v.packets), trip, jitter // nobody loses more than was sent
}

// tell leaves how the viewer is doing, once in a while.
func (v *viewer) tell(out *rtsp.Outlet, now time.Time) {
	if v.tally == nil || !v.tally.Due(now) {
		return
	}
	n := ledger.Numbers{
		Transport: out.Transport(), Packets: v.packets, Connecting: v.packets == 0,
		Skipped: uint64(v.sub.Video().Jumps()), Behind: v.sub.Behind(),
	}
	n.Lost, n.RoundTrip, n.Jitter = v.reported()
	for _, l := range v.lanes {
		n.Bytes += l.bytes
		switch {
		case !out.Wants(l.media):
		case l.track.Kind == av.Video:
			n.Video, n.Rendition = l.track.Codec.String(), l.track.Rendition
		default:
			n.Audio = l.track.Codec.String()
		}
	}
	v.tally.Tell(n, now)
}
