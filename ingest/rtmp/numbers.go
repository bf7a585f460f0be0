package rtmp

import (
	"time"

	"millrace/transmux/av"
	"millrace/transmux/ledger"
)

// tell leaves how the publisher is doing, once in a while.
func (r *mediaReader) tell(m *message) {
	r.bytes += uint64(len(m.body))
	r.messages++
	if r.tally.Due(m.arrived) {
		r.tally.Tell(r.numbers(), m.arrived)
	}
}

// numbers are of RTMP, which loses nothing: packets are messages.
func (r *mediaReader) numbers() ledger.Numbers {
	n := ledger.Numbers{Transport: "tcp", Agent: r.agent, Bytes: r.bytes, Packets: r.messages, ClockJumps: r.jumps}
	for key, t := range r.tracks {
		if key.number != 0 {
			continue
		}
		switch t.Kind {
		case av.Video:
			n.Video = t.Codec.String()
		case av.Audio:
			n.Audio = t.Codec.String()
		}
	}
	n.Connecting = len(r.tracks) == 0
	return n
}

// call is what the peer says that it is. The metadata knows better than connect.
func (r *mediaReader) call(agent string) {
	if agent != "" {
		r.agent = agent
		r.tally.Tell(r.numbers(), time.Now())
	}
}
