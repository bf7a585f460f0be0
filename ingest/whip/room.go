// Package whip takes streams from browsers and encoders: WebRTC-HTTP Ingestion
// Protocol (RFC 9725) over the endpoints of rtc/sender.
//
// cmd/millrace mounts it. A session is one goroutine, from the packets of its
// queue to the frames on the bus. This room must not know who watches.
package whip

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/go-chi/chi/v5"

	"millrace/ingest"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtc/intake"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
	"millrace/transmux/rtc/turn"
	"millrace/transmux/trace"
)

// Path is where the endpoints are: Path + stream name.
const Path = "/whip/"

// Gate lets publishers in; *ingest.Gate is one.
type Gate interface {
	Open(ctx context.Context, r ingest.Request) (*bus.Publisher, error)
	Authorize(ctx context.Context, r ingest.Request) error
}

// Room holds all WHIP publishers.
type Room struct {
	gate      Gate
	transport *sender.Room
	resources *resource.Room
	relays    turn.Relays
	log       *slog.Logger
	counters  counters

	ctx    context.Context // ends the sessions
	cancel context.CancelCauseFunc
	mu     sync.Mutex
	closed bool
	work   sync.WaitGroup
}

type counters struct {
	opened, refused atomic.Uint64
	media           intake.Counters
}

// Stats count since the start.
type Stats struct {
	Opened    uint64 // sessions
	Refused   uint64 // offers that were not accepted
	Packets   uint64 // RTP packets
	Lost      uint64 // of them, those that never came
	Recovered uint64 // those that came when they were asked for again
	Dropped   uint64 // those that a full queue had no room for
	Jumps     uint64 // times that a track's timestamps began anew
	Asked     uint64 // those asked for again, each time counted
	Refreshes uint64 // keyframes asked of publishers
}

// New makes the room on a transport; Routes mounts it, Close waits for its sessions.
// relays know which publishers come through a TURN server of ours; nil knows none.
func New(gate Gate, transport *sender.Room, resources *resource.Room, relays turn.Relays, log *slog.Logger) *Room {
	room := &Room{gate: gate, transport: transport, resources: resources, relays: relays, log: log}
	room.ctx, room.cancel = context.WithCancelCause(context.Background())
	return room
}

// Routes mounts the endpoints.
func (room *Room) Routes(r chi.Router) { room.resources.Mount(r, Path, room) }

// Close ends all sessions and waits for them.
func (room *Room) Close() {
	room.mu.Lock()
	room.closed = true
	room.mu.Unlock()
	room.cancel(bus.ErrShutdown)
	room.work.Wait()
}

// Stats reads the counters.
func (room *Room) Stats() Stats {
	c := &room.counters
	return Stats{
		Opened: c.opened.Load(), Refused: c.refused.Load(), Packets: c.media.Packets.Load(),
		Lost: c.media.Lost.Load(), Recovered: c.media.Recovered.Load(), Dropped: c.media.Dropped.Load(), Jumps: c.media.Jumps.Load(),
		Asked: c.media.Asked.Load(), Refreshes: c.media.Refreshes.Load(),
	}
}

// Accept answers an offer to publish a stream.
func (room *Room) Accept(ctx context.Context, r resource.Request) ([]byte, resource.Session, error) {
	answer, s, err := room.accept(ctx, r)
	if err != nil {
		room.counters.refused.Add(1)
		p := problemOf(err)
		room.log.Debug("publisher refused", "stream", r.Stream, "remote", r.Peer, "status", p.Status, "error", err)
		return nil, nil, p
	}
	return answer, s, nil
}

func (room *Room) accept(ctx context.Context, r resource.Request) ([]byte, *session, error) {
	o, err := description.ParseOffer(r.Offer, description.SendOnly, description.SendRecv)
	if err != nil {
		return nil, nil, err
	}
	media, err := negotiate(o)
	if err != nil {
		return nil, nil, err
	}
	s := newSession(room, r, media, trace.From(ctx))
	if err := s.open(o); err != nil {
		return nil, nil, err
	}
	local := s.endpoint.Local()
	a := description.Answer{
		Ufrag: local.Ufrag, Pwd: local.Pwd, Fingerprint: local.Fingerprint,
		Name: s.label, Direction: description.RecvOnly, Media: media, Alone: !o.Bundle,
		Candidates: room.transport.Candidates(r.Peer.Addr()),
	}
	return a.Write(), s, nil
}

// start runs a session; false once the room is closing.
func (room *Room) start(run func()) bool {
	room.mu.Lock()
	defer room.mu.Unlock()
	if room.closed {
		return false
	}
	room.work.Go(run)
	return true
}
