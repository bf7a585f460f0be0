package intake

import (
	"time"

	"github.com/pion/rtcp"
)

// reception counts what came of one SSRC, for receiver reports (RFC 3550 section
// 6.4.1 and appendix A).
type reception struct {
	ssrc      uint32
	clockRate int

	began    bool
	base     uint32 // extended sequence numbers
	highest  uint32
	received uint32

	// As of the last report.
	expectedBefore, receivedBefore uint32

	transit int64   // of the last packet, in ticks of the clock
	jitter  float64 // in ticks of the clock

	senderReport   uint32 // the middle of its NTP time
	senderReported time.Time
}

// add takes one packet.
func (r *reception) add(seq uint16, timestamp uint32, arrived time.Time) {
	if !r.began {
		r.began, r.base, r.highest = true, uint32(seq), uint32(seq)
	} else if ahead := int16(seq - uint16(r.highest)); ahead > 0 {
		r.highest += uint32(ahead)
	}
	r.received++
	transit := arrived.UnixNano()/1000*int64(r.clockRate)/1_000_000 - int64(timestamp)
	if r.transit != 0 {
		d := int32(transit - r.transit) // of 32 bits, as the timestamps are
		r.jitter += (float64(max(d, -d)) - r.jitter) / 16
	}
	r.transit = transit
}

// noteReport remembers a sender report, which ours will name.
func (r *reception) noteReport(ntp uint64, arrived time.Time) {
	r.senderReport, r.senderReported = uint32(ntp>>16), arrived
}

// report is a report block of what came since the last one.
func (r *reception) report(now time.Time) rtcp.ReceptionReport {
	expected := r.highest - r.base + 1
	lost := max(int64(expected)-int64(r.received), 0)
	b := rtcp.ReceptionReport{
		SSRC: r.ssrc, TotalLost: uint32(min(lost, 1<<23-1)), // 24 bits, signed
		LastSequenceNumber: r.highest, Jitter: uint32(r.jitter),
	}
	wanted, came := expected-r.expectedBefore, r.received-r.receivedBefore
	if wanted > came && wanted < 1<<24 {
		b.FractionLost = uint8(min((wanted-came)<<8/wanted, 255))
	}
	r.expectedBefore, r.receivedBefore = expected, r.received
	if !r.senderReported.IsZero() {
		b.LastSenderReport = r.senderReport
		b.Delay = uint32(now.Sub(r.senderReported).Seconds() * 65536)
	}
	return b
}
