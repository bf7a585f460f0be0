// Package rtmp shows streams to players over RTMP: ffplay, VLC, GStreamer, and
// restreamers.
//
// cmd joins it to the RTMP server, which is ingest's: the one listener serves both
// sides, with the same handshake, bounds and deadlines, and hands over a player
// that has said play. What this room knows of RTMP is what a player is told and
// shown, as message bodies over a Link; chunks, commands and sockets it must not
// know, nor how a stream came in.
//
// # How a player is served
//
// By one goroutine, from the newest keyframe on: metadata, configurations, then
// frames as they are in the ring, with their B-frames and true timestamps from
// zero on. The link takes a frame as soon as the ones before are (nearly) on the
// wire, in one write for what there is; go-rtmp, whose writer flushes every chunk
// and waits for ever, has no part in it. A player that takes less than the stream
// has waits in the ring, where its cursor moves on to the newest keyframe: it
// loses pictures, its timestamps run on, and nobody waits for it.
package rtmp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"millrace/playout"
	"millrace/transmux/access"
	"millrace/transmux/bus"
	"millrace/transmux/derive"
	"millrace/transmux/ledger"
)

// Gate lets viewers in; *playout.Gate is one.
type Gate interface {
	Open(ctx context.Context, r playout.Request) (sub *bus.Subscriber, leave func(cause error), err error)
}

// Deriver makes tracks that a player can take from tracks that it cannot.
type Deriver interface {
	Want(s *bus.Stream, o derive.Offer) (release func())
}

// Link is the way to one player.
type Link interface {
	// Send leaves a message (8 audio, 9 video, 18 data) to be sent, and waits for
	// its turn. The body is free again when it returns.
	Send(ctx context.Context, kind uint8, at time.Duration, body []byte) error
	// Status tells the player what becomes of the stream.
	Status(level, code, description string)
	// Wants is what the player wants to get at this moment.
	Wants() (video, audio bool)
}

// Request is what a player asks for.
type Request struct {
	Stream     string
	Remote     string                   // its address and port
	Credential string                   // a token, or nothing; never logged
	Agent      string                   // what the player calls itself
	Takes      func(fourCC string) bool // the codecs of Enhanced RTMP that it reads
}

// Room serves all players over RTMP.
type Room struct {
	gate   Gate
	derive Deriver
	log    *slog.Logger

	now                               atomic.Int64
	opened, refused, frames, restarts atomic.Uint64
}

// Stats are the room's counters. Those without "now" only grow.
type Stats struct {
	Players  int    // now
	Opened   uint64 // players let in
	Refused  uint64 // players not let in
	Frames   uint64 // sent, times the players they went to
	Restarts uint64 // players that fell behind and went on at a newer keyframe
}

// New makes the room.
func New(gate Gate, derive Deriver, log *slog.Logger) *Room {
	return &Room{gate: gate, derive: derive, log: log}
}

// Stats returns the counters of this moment.
func (room *Room) Stats() Stats {
	return Stats{
		Players: int(room.now.Load()), Opened: room.opened.Load(), Refused: room.refused.Load(),
		Frames: room.frames.Load(), Restarts: room.restarts.Load(),
	}
}

// Codes of onStatus (RTMP 1.0 section 7.2.2.1, and what players know beside it).
const (
	codeStart     = "NetStream.Play.Start"
	codeNotFound  = "NetStream.Play.StreamNotFound"
	codeFailed    = "NetStream.Play.Failed"
	codeUnpublish = "NetStream.Play.UnpublishNotify"
)

// Play serves one player until the stream or ctx ends, and returns why. Somebody
// who may not watch, or for whom there is nothing, is told so.
func (room *Room) Play(ctx context.Context, r Request, link Link) error {
	session := ctx
	ctx, end := context.WithCancelCause(session)
	defer end(nil)
	tally := new(ledger.Tally)
	sub, leave, err := room.gate.Open(ctx, playout.Request{
		Stream: r.Stream, Protocol: "rtmp", Remote: r.Remote, Agent: r.Agent, Credential: r.Credential,
		End: end, Numbers: tally.Numbers,
	})
	if err != nil {
		room.refused.Add(1)
		room.log.Debug("rtmp: player refused", "remote", r.Remote, "cause", err)
		code, words := refusal(r.Stream, err)
		link.Status("error", code, words)
		return err
	}
	defer func() { leave(err) }()
	room.opened.Add(1)
	room.now.Add(1)
	defer room.now.Add(-1)
	p := newPlayer(room, r, sub, link)
	p.tally = tally
	p.log.Info("rtmp: player opened")
	begun := time.Now()
	defer room.derive.Want(sub.Stream(), p.offer())()
	link.Status("status", codeStart, "playing "+r.Stream)
	err = p.run(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause // a message that was under way only knows that it was given up
	}
	if session.Err() == nil {
		link.Status("status", codeUnpublish, farewell(r.Stream, err))
	}
	p.log.Info("rtmp: player closed", "duration", time.Since(begun).Round(time.Millisecond),
		"frames", p.frames, "bytes", p.bytes, "restarts", p.restarts, "cause", err)
	return err
}

// refusal is what a player is told that is not let in.
func refusal(stream string, err error) (code, words string) {
	no := new(access.Refusal)
	switch {
	case errors.As(err, &no):
		return codeFailed, no.Words + " (the stream key may end in ?token=…)"
	case errors.Is(err, bus.ErrBadName):
		return codeNotFound, fmt.Sprintf("%q cannot be a stream's name: it is app/key, of letters, digits and . _ ~ -", stream)
	case errors.Is(err, bus.ErrNotLive), errors.Is(err, bus.ErrEnded):
		return codeNotFound, "nobody publishes " + stream + " now"
	case errors.Is(err, playout.ErrDenied):
		return codeFailed, "watching " + stream + " is not allowed with this token (?token=…)"
	case errors.Is(err, playout.ErrStreamFull):
		return codeFailed, stream + " has as many viewers as one stream may have"
	case errors.Is(err, playout.ErrTooManyOfYours):
		return codeFailed, "as many watch from your address as may"
	case errors.Is(err, playout.ErrTooManyViewers):
		return codeFailed, "the gateway has as many viewers as it is set to take"
	case errors.Is(err, bus.ErrShutdown):
		return codeFailed, "the gateway is shutting down"
	default:
		return codeFailed, "the gateway could not let you watch: its log says why"
	}
}

// farewell is what a player is told at the end.
func farewell(stream string, err error) string {
	switch {
	case errors.Is(err, bus.ErrShutdown):
		return "the gateway is shutting down"
	case errors.Is(err, bus.ErrEnded):
		return stream + " has ended"
	case errors.Is(err, access.ErrExpired):
		return "the token that let you watch " + stream + " has expired"
	default:
		return stream + " cannot be played on"
	}
}
