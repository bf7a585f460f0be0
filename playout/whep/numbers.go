package whep

import (
	"time"

	"millrace/transmux/av"
	"millrace/transmux/ledger"
)

// tell leaves how the viewer is doing. It belongs to the fan's goroutine and comes
// with the sender reports, so that it costs nothing a packet or a frame.
func (v *viewer) tell(now time.Time) {
	transport, at := v.way.Of(v.endpoint.Transport(), v.endpoint.Remote())
	n := ledger.Numbers{
		Transport: transport,
		Resent:    v.resent, Skipped: uint64(v.sub.Video().Jumps()), Behind: v.sub.Behind(),
		RoundTrip: v.roundTrip(),
	}
	if l := v.spokesman(); l != nil {
		n.Jitter = v.feedback.jitter(l.writer.SSRC(), l.format.ClockRate)
	}
	n.Packets, n.Bytes = v.endpoint.Sent()
	n.Lost, n.Keyframes = v.feedback.seen()
	if at.IsValid() {
		n.Remote = at.String()
	}
	if t := v.carried(v.sub.Video().Track()); t != nil {
		n.Video, n.Rendition = t.Codec.String(), t.Rendition
	}
	if t := v.carried(v.sub.Audio().Track()); t != nil {
		n.Audio = t.Codec.String()
	}
	v.tally.Tell(n, now)
}

// carried is a track that is sent, nil for none.
func (v *viewer) carried(id av.TrackID) *av.Track {
	if id == 0 || v.catalog == nil {
		return nil
	}
	return v.catalog.Track(id)
}

// spokesman is the track whose reports tell of the line: the picture's, if there is one.
func (v *viewer) spokesman() *lane {
	switch {
	case v.video.format != nil:
		return &v.video
	case v.audio.format != nil:
		return &v.audio
	default:
		return nil
	}
}

// jitter is as the last report of that source has it.
func (f *feedback) jitter(ssrc uint32, clockRate int) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.losses {
		if l.ssrc == ssrc && clockRate > 0 {
			return time.Duration(l.jitter) * time.Second / time.Duration(clockRate)
		}
	}
	return 0
}
