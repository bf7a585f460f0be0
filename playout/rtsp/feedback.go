package rtsp

import (
	"sync"
	"time"

	"github.com/pion/rtcp"

	"millrace/transmux/rtpio"
)

// Reports are what players say of their reception; nil ones are not measured.
type Reports struct {
	Loss      Observer // the share of packets lost since the report before, 0 to 1
	RoundTrip Observer // seconds
}

// Observer takes measurements; a Prometheus histogram is one.
type Observer interface{ Observe(value float64) }

// negativeLoss is from where on a report's count of 24 bits is a negative one: more
// packets came than were sent, some of them twice (RFC 3550 section 6.4.1).
const negativeLoss = 1 << 23

// feedback is what a player says of its reception. It is written by the goroutines
// that read its control packets and read by the viewer's; it grows with nothing that
// comes.
type feedback struct {
	observe Reports

	mu      sync.Mutex
	sources []source // by media; nil until the first PLAY
}

// source is what was said of one media.
type source struct {
	ssrc   uint32
	rate   int           // in hertz
	lost   uint64        // packets, the most that was ever told
	trip   time.Duration // the last that was told; 0: none
	jitter uint32        // of the last report, in ticks of the track's clock
}

// expect says what is sent, so that reports of anything else are passed over.
func (f *feedback) expect(sources []source) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sources == nil {
		f.sources = sources
	}
}

// take reads a control packet. Players put reports into those of receivers, and some
// that send themselves into those of senders (RFC 3550 section 6.4).
func (f *feedback) take(p rtcp.Packet, now time.Time) {
	var reports []rtcp.ReceptionReport
	switch p := p.(type) {
	case *rtcp.ReceiverReport:
		reports = p.Reports
	case *rtcp.SenderReport:
		reports = p.Reports
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range reports {
		f.note(&reports[i], now)
	}
}

// note takes what a report says of one source.
func (f *feedback) note(r *rtcp.ReceptionReport, now time.Time) {
	for i := range f.sources {
		s := &f.sources[i]
		if s.ssrc != r.SSRC {
			continue
		}
		if total := uint64(r.TotalLost); total < negativeLoss {
			s.lost = max(s.lost, total)
		}
		s.jitter = r.Jitter
		if f.observe.Loss != nil {
			f.observe.Loss.Observe(float64(r.FractionLost) / 256)
		}
		if trip := rtpio.RoundTrip(r.LastSenderReport, r.Delay, now); trip > 0 {
			s.trip = trip
			if f.observe.RoundTrip != nil {
				f.observe.RoundTrip.Observe(trip.Seconds())
			}
		}
		return
	}
}

// seen is what was said so far: packets lost of all media, and the way there and back
// and the jitter of the first of which anything is known, the picture if there is one.
func (f *feedback) seen() (lost uint64, trip, jitter time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.sources {
		lost += s.lost
		if trip == 0 {
			trip = s.trip
		}
		if jitter == 0 && s.rate > 0 {
			jitter = time.Duration(s.jitter) * time.Second / time.Duration(s.rate)
		}
	}
	return lost, trip, jitter
}
