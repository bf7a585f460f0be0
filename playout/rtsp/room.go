// Package rtsp gives streams out over RTSP: to VLC, ffplay, GStreamer, recorders.
//
// transmux/rtsp speaks the protocol and calls Describe. This room knows which
// tracks RTP can carry and how, and sends each viewer its frames. It must not know
// who publishes, nor how RTSP looks on the wire.
//
// Every viewer has a cursor and a goroutine of its own: it begins at the newest
// keyframe, one that is slow loses GOPs and holds nobody up, and there is nothing
// that viewers of a stream share but its frames. A recorder more or less is a
// goroutine more or less; crowds come over WHEP.
package rtsp

import (
	"context"
	"log/slog"
	"sync/atomic"

	"millrace/playout"
	"millrace/transmux/bus"
	"millrace/transmux/ledger"
	"millrace/transmux/rtsp"
)

// Gate lets viewers in; *playout.Gate is one.
type Gate interface {
	Open(ctx context.Context, r playout.Request) (sub *bus.Subscriber, leave func(cause error), err error)
}

// Room holds all viewers that come over RTSP.
type Room struct {
	gate     Gate
	reports  Reports
	log      *slog.Logger
	counters counters
}

type counters struct {
	opened, refused, frames, packets atomic.Uint64
	viewers                          atomic.Int64
}

// Stats count since the start, but for what is now.
type Stats struct {
	Viewers int64  // now
	Opened  uint64 // viewers that played
	Refused uint64 // that were not let in
	Frames  uint64 // sent
	Packets uint64 // sent
}

// New makes the room. What players report is measured in reports.
func New(gate Gate, reports Reports, log *slog.Logger) *Room {
	return &Room{gate: gate, reports: reports, log: log}
}

// Stats reads the counters.
func (room *Room) Stats() Stats {
	c := &room.counters
	return Stats{
		Viewers: c.viewers.Load(), Opened: c.opened.Load(), Refused: c.refused.Load(),
		Frames: c.frames.Load(), Packets: c.packets.Load(),
	}
}

// Describe lets a viewer in and says what there is. It is rtsp.Viewers.
func (room *Room) Describe(ctx context.Context, p rtsp.Peer, end func(cause error)) (rtsp.Viewing, error) {
	v, err := room.describe(ctx, p, end)
	if err != nil {
		room.counters.refused.Add(1)
		return nil, refusal(p.Stream, err)
	}
	return v, nil
}

func (room *Room) describe(ctx context.Context, p rtsp.Peer, end func(cause error)) (*viewer, error) {
	if err := bus.ValidName(p.Stream); err != nil {
		return nil, err
	}
	tally := new(ledger.Tally)
	sub, leave, err := room.gate.Open(ctx, playout.Request{
		Stream: p.Stream, Protocol: "rtsp", Remote: p.Remote,
		Agent: p.Agent, User: p.User, Credential: p.Credential, Proves: p.Proves,
		End: end, Numbers: tally.Numbers,
	})
	if err != nil {
		return nil, err
	}
	lanes, err := await(ctx, sub.Stream())
	if err != nil {
		leave(err)
		return nil, err
	}
	v := newViewer(room, p, sub, leave, lanes)
	v.tally = tally
	return v, nil
}
