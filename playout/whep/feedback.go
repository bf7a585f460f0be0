package whep

import (
	"sync/atomic"

	"github.com/pion/rtcp"
)

// feedback is what a viewer reports of its reception.
type feedback struct {
	lost      atomic.Uint64 // packets, as its last report counts them
	refreshes atomic.Uint64 // PLIs and FIRs
}

// read takes a compound packet and tells whether it asks for a keyframe (PLI,
// RFC 4585 section 6.3.1; FIR, RFC 5104 section 4.3.1).
func (f *feedback) read(compound []byte) bool {
	packets, err := rtcp.Unmarshal(compound)
	if err != nil {
		return false // authenticated but broken: a bug of the viewer's that hurts only itself
	}
	asks := false
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.ReceiverReport:
			var lost uint64
			for _, r := range p.Reports {
				lost += uint64(r.TotalLost)
			}
			f.lost.Store(lost)
		case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
			asks = true
			f.refreshes.Add(1)
		}
	}
	return asks
}
