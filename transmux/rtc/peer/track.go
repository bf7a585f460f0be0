package peer

import (
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"millrace/transmux/av"
)

// maxDatagram is what one read takes at most: any UDP packet without
// fragmentation on Ethernet.
const maxDatagram = 1500

// track runs for each remote track, on a goroutine of pion's, until the
// connection ends.
func (v *Viewer) track(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	v.mu.Lock()
	if v.closed { // a track that opens while Close runs
		v.mu.Unlock()
		return
	}
	v.work.Add(2)
	v.mu.Unlock()
	kind := kindOf(t.Kind())
	go func() {
		defer v.work.Done()
		v.reports(kind, uint32(t.SSRC()), r)
	}()
	defer v.work.Done()
	v.packets(kind, t)
}

// packets reads a track's RTP until it ends.
func (v *Viewer) packets(kind av.Kind, t *webrtc.TrackRemote) {
	seq := v.sequence(kind)
	units := &Assembler{}
	whole := false // a whole keyframe has come
	buf := make([]byte, maxDatagram)
	var p rtp.Packet
	for {
		n, _, err := t.Read(buf)
		if err != nil {
			return // the connection ended; v.err says why
		}
		if p.Unmarshal(buf[:n]) != nil {
			continue
		}
		at := v.wire.arrived(p.SSRC, p.SequenceNumber)
		on := v.count(kind, seq, &p, at)
		if v.opts.Recover && kind == av.Video && v.nacks.saw(p.SequenceNumber) {
			v.askAgain()
		}
		if v.opts.OnPacket != nil {
			v.opts.OnPacket(Packet{Kind: kind, RTP: &p, Arrived: at})
		}
		if kind != av.Video || !on || (whole && v.opts.OnAccessUnit == nil) {
			continue
		}
		for _, u := range units.Push(&p, at) {
			if !whole && u.Complete && u.Key && u.Parameters {
				whole = true
				v.noteKeyframe(u.Last)
			}
			if v.opts.OnAccessUnit != nil {
				v.opts.OnAccessUnit(u)
			}
		}
	}
}

func (v *Viewer) sequence(kind av.Kind) *sequence {
	if kind == av.Video {
		return &v.video
	}
	return &v.audio
}

func (v *Viewer) count(kind av.Kind, s *sequence, p *rtp.Packet, at time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	s.stats.SSRC, s.stats.PayloadType = p.SSRC, p.PayloadType
	first := &v.timing.FirstVideo
	if kind == av.Audio {
		first = &v.timing.FirstAudio
	}
	if *first == 0 {
		*first = at.Sub(v.begun)
	}
	return s.push(p.SequenceNumber, p.Timestamp, len(p.Payload), at)
}

func (v *Viewer) noteKeyframe(at time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.timing.FirstKeyframe == 0 {
		v.timing.FirstKeyframe = at.Sub(v.begun)
		close(v.keyframe)
	}
}

// reports reads a track's RTCP until it ends. pion gives each track the whole of
// a compound, with what it says about others.
func (v *Viewer) reports(kind av.Kind, ssrc uint32, r *webrtc.RTPReceiver) {
	for {
		packets, _, err := r.ReadRTCP()
		if err != nil {
			return
		}
		at := time.Now()
		for _, p := range packets {
			sr, ok := p.(*rtcp.SenderReport)
			if !ok || sr.SSRC != ssrc {
				continue
			}
			report := Report{Kind: kind, SR: sr, Arrived: at}
			v.mu.Lock()
			s := v.sequence(kind)
			s.stats.Reports++
			s.stats.LastReport = report
			v.mu.Unlock()
			if v.opts.OnReport != nil {
				v.opts.OnReport(report)
			}
		}
	}
}
