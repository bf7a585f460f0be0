package peer

import (
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"

	"millrace/transmux/av"
)

// How a browser asks for packets again: at once, then every so often, ten times.
const (
	nackBeat  = 20 * time.Millisecond
	nackAgain = 100 * time.Millisecond
	nackTimes = 10
	// nackMost bounds what is asked for; a greater gap is a lost second.
	nackMost = 1000
)

// nacks knows what is missing of one track and when to ask for it (RFC 4585
// section 6.2.1).
type nacks struct {
	mu      sync.Mutex
	begun   bool                // guarded by mu, as all
	highest uint16              // the highest number seen
	missing map[uint16]*request // by number
	asked   uint64              // requests so far, repeated ones included
}

type request struct {
	last  time.Time // zero: never yet
	times int
}

// saw takes a packet's number, and tells whether it left a gap.
func (n *nacks) saw(seq uint16) (gap bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.begun {
		n.begun, n.highest, n.missing = true, seq, map[uint16]*request{}
		return false
	}
	ahead := int16(seq - n.highest)
	if ahead <= 0 {
		delete(n.missing, seq)
		return false
	}
	for s := n.highest + 1; s != seq && len(n.missing) < nackMost; s++ {
		n.missing[s], gap = &request{}, true
	}
	n.highest = seq
	return gap
}

// due is what to ask for now, in order.
func (n *nacks) due(now time.Time) (numbers []uint16) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for number, r := range n.missing {
		if now.Sub(r.last) < nackAgain {
			continue
		}
		if r.times == nackTimes {
			delete(n.missing, number)
			continue
		}
		r.last = now
		r.times++
		numbers = append(numbers, number)
	}
	n.asked += uint64(len(numbers))
	slices.SortFunc(numbers, func(a, b uint16) int { return int(int16(a - b)) })
	return numbers
}

// askAgain asks for the video packets that are due.
func (v *Viewer) askAgain() {
	numbers := v.nacks.due(time.Now())
	ssrc := v.Stats(av.Video).SSRC
	if len(numbers) == 0 || ssrc == 0 {
		return
	}
	// One that gets lost is followed by others.
	_ = v.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
		MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers),
	}})
}

// keepAsking repeats requests until the viewer is closed.
func (v *Viewer) keepAsking() {
	beat := time.NewTicker(nackBeat)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
			v.askAgain()
		case <-v.stop:
			return
		}
	}
}

// Asked is how often packets were asked for again.
func (v *Viewer) Asked() uint64 {
	v.nacks.mu.Lock()
	defer v.nacks.mu.Unlock()
	return v.nacks.asked
}
