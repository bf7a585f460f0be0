package receiver

import (
	"math/rand/v2"
	"time"

	"github.com/pion/rtcp"
)

// reportInterval is that of Chromium's receiver reports for video.
const reportInterval = time.Second

// reports is when and as whom we report. It is guarded by Viewer.mu.
type reports struct {
	ssrc uint32
	next time.Time
}

// plan spreads the viewers over the interval.
func (r *reports) plan(now time.Time) {
	r.ssrc = rand.Uint32()
	r.next = now.Add(rand.N(reportInterval))
}

// report sends a receiver report if one is due.
func (v *Viewer) report(now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys == nil || now.Before(v.reports.next) {
		return
	}
	v.reports.next = now.Add(reportInterval)
	rr := rtcp.ReceiverReport{SSRC: v.reports.ssrc}
	for k := video; k <= audio; k++ {
		if t := &v.tracks[k]; t.packets > 0 {
			rr.Reports = append(rr.Reports, t.receptionReport(now))
		}
	}
	if len(rr.Reports) > 0 {
		v.sendRTCP(&rr)
	}
}

// sendRTCP protects and sends a packet. Called with mu held.
func (v *Viewer) sendRTCP(p rtcp.Packet) {
	plain, err := p.Marshal()
	if err != nil {
		return // never: what we say always fits
	}
	if sealed, err := v.keys.local.EncryptRTCP(nil, plain, nil); err == nil {
		v.send(sealed, v.at)
	}
}

// RequestKeyframe sends a picture loss indication (RFC 4585 section 6.3.1), if a
// picture has come at all.
func (v *Viewer) RequestKeyframe() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if t := &v.tracks[video]; v.keys != nil && t.packets > 0 {
		v.sendRTCP(&rtcp.PictureLossIndication{SenderSSRC: v.reports.ssrc, MediaSSRC: t.ssrc})
	}
}

// receptionReport is RFC 3550 section 6.4.1's, without jitter, which nobody here
// reads.
func (t *track) receptionReport(now time.Time) rtcp.ReceptionReport {
	r := rtcp.ReceptionReport{
		SSRC:      t.ssrc,
		TotalLost: uint32(min(t.sequence.lost(), 1<<23-1)),
		// Our count begins one turn up; the report's begins at zero.
		LastSequenceNumber: uint32(t.sequence.highest - 1<<16),
	}
	before := t.reported.highest
	if before == 0 {
		before = t.sequence.first - 1
	}
	if expected := t.sequence.highest - before; expected > 0 {
		if lost := t.sequence.lost(); lost > t.reported.lost() {
			r.FractionLost = uint8(min((lost-t.reported.lost())<<8/expected, 255))
		}
	}
	t.reported = t.sequence
	if !t.senderReportAt.IsZero() {
		r.LastSenderReport = t.senderReport
		r.Delay = uint32(now.Sub(t.senderReportAt) * 65536 / time.Second)
	}
	return r
}

// takeRTCP notes sender reports, which ours refer to. Called with mu held.
func (v *Viewer) takeRTCP(packet []byte, at arrival) {
	if v.keys == nil {
		return
	}
	plain, err := v.keys.remote.DecryptRTCP(nil, packet, nil)
	if err != nil {
		v.unopened++
		return
	}
	packets, err := rtcp.Unmarshal(plain)
	if err != nil {
		v.unopened++
		return
	}
	for _, p := range packets {
		sr, ok := p.(*rtcp.SenderReport)
		if !ok {
			continue
		}
		for k := range v.tracks {
			if t := &v.tracks[k]; t.packets > 0 && t.ssrc == sr.SSRC {
				t.senderReport, t.senderReportAt = uint32(sr.NTPTime>>16), at.read
			}
		}
	}
}
