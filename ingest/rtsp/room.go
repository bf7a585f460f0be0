// Package rtsp takes streams in over RTSP: from cameras, encoders and ffmpeg that
// publish (ANNOUNCE, RECORD), and from cameras that are fetched (Puller).
//
// transmux/rtsp speaks the protocol and calls Announce; ingest/pull calls Pull.
// This room knows what a media's format means, puts packets together and writes
// the bus. It must not know who watches, nor how RTSP looks on the wire.
package rtsp

import (
	"context"
	"log/slog"
	"sync/atomic"

	"millrace/ingest"
	"millrace/transmux/bus"
	"millrace/transmux/rtpio"
	"millrace/transmux/rtsp"
)

// Gate lets publishers in; *ingest.Gate is one.
type Gate interface {
	Open(ctx context.Context, r ingest.Request) (*bus.Publisher, error)
}

// Room holds all publishers that come over RTSP.
type Room struct {
	gate     Gate
	log      *slog.Logger
	limits   limits
	counters counters
}

type counters struct {
	opened, refused, packets, lost, skipped, dropped, jumps atomic.Uint64
}

// Stats count since the start. Those of packets and frames are added when a
// session ends.
type Stats struct {
	Opened  uint64 // publishers
	Refused uint64 // that were not let in
	Packets uint64 // RTP packets
	Lost    uint64 // that never came
	Skipped uint64 // frames that could not be used
	Dropped uint64 // packets that a full queue had no room for
	Jumps   uint64 // times that timestamps began anew
}

// New makes the room.
func New(gate Gate, log *slog.Logger) *Room {
	return &Room{gate: gate, log: log, limits: defaultLimits}
}

// Stats reads the counters.
func (room *Room) Stats() Stats {
	c := &room.counters
	return Stats{
		Opened: c.opened.Load(), Refused: c.refused.Load(), Packets: c.packets.Load(), Lost: c.lost.Load(),
		Skipped: c.skipped.Load(), Dropped: c.dropped.Load(), Jumps: c.jumps.Load(),
	}
}

// add adds what a session has counted.
func (c *counters) add(s rtpio.Stats) {
	c.packets.Add(s.Received)
	c.lost.Add(s.Lost)
	c.skipped.Add(s.Skipped)
}

// Announce lets a publisher in. It is one of rtsp.Publishers.
func (room *Room) Announce(p rtsp.Peer, media []rtsp.Media) (rtsp.Publication, error) {
	s := newSession(room, p)
	err := s.open(p, media)
	if err != nil {
		s.cancel(err)
		room.counters.refused.Add(1)
		return nil, refusal(p.Stream, err)
	}
	return s, nil
}
