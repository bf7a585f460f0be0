// Package whep shows streams to browsers: WebRTC-HTTP Egress Protocol
// (draft-ietf-wish-whep-03) over the send-only endpoints of rtc/sender.
//
// cmd/millrace mounts it. A viewer is data; a fan, one goroutine a stream, serves
// all viewers of it. This room must not know how a stream came in.
package whep

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"

	"millrace/playout"
	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/problem"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
	"millrace/transmux/rtc/turn"
	"millrace/transmux/trace"
)

// Path is where the endpoints are: Path + stream name.
const Path = "/whep/"

// Gate lets viewers in; *playout.Gate is one.
type Gate interface {
	Open(ctx context.Context, r playout.Request) (sub *bus.Subscriber, leave func(cause error), err error)
	Authorize(ctx context.Context, r playout.Request) error
}

// Deriver makes tracks that a viewer can take from tracks that it cannot. The
// viewer takes these codecs, and no B-frames.
type Deriver interface {
	Want(s *bus.Stream, offered []av.Codec) (release func())
}

// foreteller is a Deriver that can say beforehand whether it will make something for
// a track. One that cannot is believed to.
type foreteller interface {
	Can(s *bus.Stream, t *av.Track, offered []av.Codec) bool
}

// makes says for a stream whether something is made in the place of a track.
func (room *Room) makes(s *bus.Stream) func(t *av.Track, offered []av.Codec) bool {
	return func(t *av.Track, offered []av.Codec) bool {
		f, ok := room.derive.(foreteller)
		return slices.Contains(offered, av.H264) && (!ok || f.Can(s, t, offered))
	}
}

// Observer takes measurements in seconds.
type Observer interface{ Observe(seconds float64) }

// Observers are where the room's measurements go.
type Observers struct {
	// Join is from the offer to the first keyframe's last packet leaving.
	Join Observer
	// Added is from a frame's last byte in to its last packet out, at the live edge.
	Added   Observer
	Phases  Phases
	Stages  Stages
	Reports Reports
	Ways    Ways
	// Relays know which viewers come through a TURN server of ours; nil knows none.
	Relays turn.Relays
}

// Room serves all WHEP viewers.
type Room struct {
	gate      Gate
	derive    Deriver
	transport *sender.Room
	resources *resource.Room
	observe   Observers
	log       *slog.Logger
	counters  counters
	crowd     atomic.Int64 // viewers in fans

	mu     sync.Mutex
	fans   map[*bus.Stream][]*fan
	closed bool
	work   sync.WaitGroup
}

// New makes the room on a transport; Routes mounts it, Close waits for its fans.
func New(gate Gate, derive Deriver, transport *sender.Room, resources *resource.Room, observe Observers, log *slog.Logger) *Room {
	return &Room{
		gate: gate, derive: derive, transport: transport, resources: resources,
		observe: observe, log: log, fans: make(map[*bus.Stream][]*fan),
	}
}

// Routes mounts the endpoints.
func (room *Room) Routes(r chi.Router) { room.resources.MountPlayer(r, Path, room) }

// Close ends all viewers and waits for the fans.
func (room *Room) Close() {
	room.mu.Lock()
	room.closed = true
	room.mu.Unlock()
	for _, v := range room.viewers() {
		v.end(bus.ErrShutdown)
	}
	room.work.Wait()
}

// Accept answers an offer to watch a stream.
func (room *Room) Accept(ctx context.Context, r resource.Request) ([]byte, resource.Session, error) {
	begun := time.Now()
	answer, session, err := room.accept(ctx, r, begun)
	observe(room.observe.Phases.Answer, time.Since(begun))
	trace.From(ctx).Past("answer", begun, time.Now())
	if err != nil {
		room.counters.refused.Add(1)
		p := problemOf(err)
		room.log.Debug("viewer refused", "stream", r.Stream, "remote", r.Peer, "status", p.Status, "error", err)
		return nil, nil, p
	}
	return answer, session, nil
}

func (room *Room) accept(ctx context.Context, r resource.Request, begun time.Time) ([]byte, resource.Session, error) {
	o, err := description.ParseOffer(r.Offer, description.RecvOnly, description.SendRecv)
	empty := errors.Is(err, description.ErrEmpty)
	if err != nil && !empty {
		return nil, nil, err
	}
	f, asked := new(fuse), wish(r)
	asked.End, asked.Numbers = f.blow, f.tally.Numbers
	sub, leave, err := room.gate.Open(ctx, asked)
	if err != nil {
		return nil, nil, err
	}
	if empty {
		return room.propose(r, sub, leave, f, []av.Kind{av.Video, av.Audio}, "This is what there is to watch.")
	}
	c, err := choose(o, sub.Stream().Catalog().Tracks, room.makes(sub.Stream()))
	if errors.Is(err, errLacks) {
		return room.propose(r, sub, leave, f, kindsOf(o), problem.Sentence(err))
	}
	if err != nil {
		leave(err)
		return nil, nil, err
	}
	v := newViewer(room, r, sub, leave, begun)
	v.span = trace.From(ctx)
	v.tally = &f.tally
	v.pictureAt = slices.Index(kindsOf(o), av.Video)
	v.pictured = v.pictureAt >= 0
	v.settle(c)
	remote := sender.Remote{Ufrag: o.Ufrag, Pwd: o.Pwd, Fingerprint: o.Fingerprint}
	endpoint, err := room.transport.Open(remote, v.own)
	if err != nil {
		v.letGo(err)
		return nil, nil, err
	}
	f.guard(endpoint)
	room.log.Info("viewer opened", "stream", r.Stream, "session", v.label, "remote", r.Peer)
	return v.answer(o, endpoint, r.Peer.Addr()).Write(), v, nil
}

// kindsOf are the m-lines' kinds.
func kindsOf(o *description.Offer) []av.Kind {
	kinds := make([]av.Kind, len(o.Media))
	for i := range o.Media {
		kinds[i] = o.Media[i].Kind
	}
	return kinds
}

// wish is the request as the gate knows requests.
func wish(r resource.Request) playout.Request {
	return playout.Request{Stream: r.Stream, Protocol: "whep", Remote: r.Peer.String(), Agent: r.Agent, Credential: r.Credential}
}

// sources are what one track goes out as, itself and what of it is sent again.
type sources struct{ primary, repair uint32 }

// newSources are random SSRCs by kind of track, none zero, all different: a
// multiple of four and the three that follow it.
func newSources() (s [3]sources) {
	base := (1 + rand.Uint32N(1<<30-1)) << 2
	s[av.Video] = sources{base, base + 1}
	s[av.Audio] = sources{base + 2, base + 3}
	return s
}
