package rtsp

import (
	"time"

	"millrace/transmux/av"
	"millrace/transmux/ledger"
	"millrace/transmux/rtsp"
)

// tell leaves how the viewer is doing, once in a while.
func (v *viewer) tell(out *rtsp.Outlet, now time.Time) {
	if v.tally == nil || !v.tally.Due(now) {
		return
	}
	n := ledger.Numbers{
		Transport: out.Transport(), Packets: v.packets, Connecting: v.packets == 0,
		Skipped: uint64(v.sub.Video().Jumps()), Behind: v.sub.Behind(),
	}
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
