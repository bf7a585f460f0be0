package whep

import (
	"sync"
	"time"

	"github.com/pion/rtcp"

	"millrace/transmux/rtpio"
)

// maxMissing bounds what a viewer's requests for packets may pile up to before
// its fan sees them: more than this is a lost second, for which there is PLI.
const maxMissing = 512

const (
	// badLoss is the share of packets lost, in 256ths, above which a report makes a
	// line a bad one: one in a hundred.
	badLoss = 3
	// badFor is for how long it does: browsers report picture and sound by
	// themselves, each once in a second to five.
	badFor = 6 * time.Second
)

// feedback is what a viewer says of its reception. It is written by the port's
// goroutine and read by the fan's, in a lock that only these two share.
type feedback struct {
	mu        sync.Mutex
	trips     roundTrips
	bad       time.Time // when a report last told of much loss
	lost      uint64    // packets, as its last reports count them
	losses    [4]loss   // of which lost is the sum: picture, sound, and what is sent again of each
	room      *Room     // that counts; nil for none
	refreshes uint64    // PLIs and FIRs
	missing   []missing
	refresh   bool
}

// missing is one packet that the viewer asks for again.
type missing struct {
	ssrc   uint32
	number uint16
}

// read takes a compound packet and tells whether there is something to do: a
// keyframe asked for (PLI, RFC 4585 section 6.3.1; FIR, RFC 5104 section 4.3.1),
// or packets (NACK, RFC 4585 section 6.2.1).
func (f *feedback) read(compound []byte) bool {
	packets, err := rtcp.Unmarshal(compound)
	if err != nil {
		return false // authenticated but broken: a bug of the viewer's that hurts only itself
	}
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.ReceiverReport:
			for _, r := range p.Reports {
				f.note(&r, now)
				f.trips.take(rtpio.RoundTrip(r.LastSenderReport, r.Delay, now))
				if r.FractionLost >= badLoss {
					f.bad = now
				}
			}
		case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
			f.refresh = true
			f.refreshes++
			f.count(func(c *counters) { c.asksRefresh.Add(1) })
		case *rtcp.TransportLayerNack:
			for _, pair := range p.Nacks {
				pair.Range(func(number uint16) bool {
					f.count(func(c *counters) { c.asked.Add(1) })
					if len(f.missing) == maxMissing {
						return false
					}
					f.missing = append(f.missing, missing{p.MediaSSRC, number})
					return true
				})
			}
		}
	}
	return f.refresh || len(f.missing) > 0
}

// take hands over what is to be done, into the caller's slices.
func (f *feedback) take(video, audio []uint16, videoSSRC uint32) (refresh bool, v, a []uint16) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.missing {
		if m.ssrc == videoSSRC {
			video = append(video, m.number)
		} else {
			audio = append(audio, m.number)
		}
	}
	refresh, f.refresh = f.refresh, false
	f.missing = f.missing[:0]
	return refresh, video, audio
}

// lossy is whether the reports of the last seconds tell of much loss.
func (f *feedback) lossy(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return now.Sub(f.bad) < badFor
}

// roundTrip is zero before the first report.
func (f *feedback) roundTrip() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.trips.least()
}

// seen reads the counters.
func (f *feedback) seen() (lost, refreshes uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost, f.refreshes
}
