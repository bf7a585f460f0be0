// Package resource holds the HTTP rules that WHIP (RFC 9725) and WHEP
// (draft-ietf-wish-whep-03) share: an endpoint takes an SDP offer by POST and
// answers with a session, which is a resource of its own.
//
// playout/whep and ingest/whip mount their endpoints here. It must not know
// what an offer asks for, nor what a stream is.
package resource

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"

	"millrace/transmux/origin"
	"millrace/transmux/rtc/sender"
)

const (
	// sessionsPath is where sessions live.
	sessionsPath = "/sessions/"
	typeSDP      = "application/sdp"
	typeFragment = "application/trickle-ice-sdpfrag"
)

// RetrySoon is when a client should ask again for a stream that is not live.
const RetrySoon = 2 * time.Second

// Request is an offer as an endpoint gets it.
type Request struct {
	// Stream is what follows the endpoint's path.
	Stream string
	Offer  []byte
	// Credential is a bearer token (RFC 6750), or the query's token.
	Credential string
	Peer       netip.AddrPort
	// Agent is what the client calls itself; it may say anything.
	Agent string
	// ID names the session that the offer will become.
	ID string
	// Ended is to be called when the session is over, however that came; it
	// does not block.
	Ended func()
}

// Endpoint answers offers. Its errors are *problem.Problem. A session that is a
// Proposal too says that the answer is none, but an offer of the endpoint's own.
type Endpoint interface {
	Accept(ctx context.Context, r Request) (answer []byte, s Session, err error)
}

// Session is what an accepted offer becomes.
type Session interface {
	// Agent is the session's end of ICE.
	Agent() Agent
	// Authorize says whether somebody with that credential may change or end
	// the session. The error is a *problem.Problem.
	Authorize(ctx context.Context, credential string) error
	// Close ends the session because the peer asked for it.
	Close()
}

// Agent is an ICE agent; *sender.Endpoint is one.
type Agent interface {
	// RemoteUfrag is the peer's user fragment, to tell trickling from a restart.
	RemoteUfrag() string
	// Restart begins ICE anew with the peer's new credentials and returns ours.
	// The old pair goes on until there is a new one.
	Restart(ufrag, pwd string) (sender.Local, error)
	// Candidates are the values of candidate attributes to name to a peer that
	// came from that address, best first.
	Candidates(peer netip.Addr) []string
}

// Proposal is a session that comes to be only if the peer answers our offer (WHEP
// section 4.2). Until then, and for a while only, it waits.
type Proposal interface {
	Session
	// Answer makes the session of the peer's answer. An error, a
	// *problem.Problem, leaves the proposal as it was.
	Answer(ctx context.Context, answer []byte) (Session, error)
}

// Extended is a session with protocol extensions (RFC 9725 section 4.9): resources
// of its own below its path.
type Extended interface {
	Session
	// Links name the extensions; path is the session's own.
	Links(path string) []Link
	// ServeBelow answers a request for path + rest. It is authorized, but for
	// GET: browsers cannot send a credential with an EventSource.
	ServeBelow(w http.ResponseWriter, r *http.Request, path, rest string)
}

// Config is the room's settings. Zero fields take the default.
type Config struct {
	// ICEServers are named to every client that gets a session.
	ICEServers []ICEServer
	// Origins are the sites whose pages may play and publish; none means all.
	Origins origin.List
	// Detours are servers of a session's own; nil for none.
	Detours Detours
	// Rate is how many requests a second one address may make that start,
	// change or end sessions; DefaultRate.
	Rate int
	// Node, if there are several, is named in every session's id, so that any
	// of them can tell whose it is.
	Node string
}

// Room holds the sessions of all endpoints.
type Room struct {
	cfg    Config
	limit  limiter
	shared atomic.Pointer[[]ICEServer] // everybody's ICE servers

	mu       sync.Mutex
	sessions map[string]*entry
}

// New makes an empty room.
func New(cfg Config) *Room {
	if cfg.Rate <= 0 {
		cfg.Rate = DefaultRate
	}
	room := &Room{cfg: cfg, limit: newLimiter(cfg.Rate), sessions: make(map[string]*entry)}
	room.shared.Store(&cfg.ICEServers)
	return room
}

// Routes mounts the sessions.
func (room *Room) Routes(r chi.Router) {
	r.Route(sessionsPath+"{id}", func(r chi.Router) {
		r.Use(room.crossOrigin, room.limited)
		r.Get("/", room.get)
		r.Head("/", room.get)
		r.Options("/", options("Accept-Patch", typeFragment))
		r.Patch("/", room.patch)
		r.Delete("/", room.delete)

		r.Get("/*", room.below)
		r.Post("/*", room.below)
		r.Delete("/*", room.below)
		r.Options("/*", options("Accept-Post", "application/json"))
	})
}

// Mount mounts an endpoint for all streams below path ("/whip/").
func (room *Room) Mount(r chi.Router, path string, e Endpoint) {
	room.mount(r, path, e, noContent)
}

// MountPlayer is Mount for an endpoint that players find by HEAD (WHEP section 4.1).
func (room *Room) MountPlayer(r chi.Router, path string, e Endpoint) {
	room.mount(r, path, e, discover)
}

func (room *Room) mount(r chi.Router, path string, e Endpoint, head http.HandlerFunc) {
	r.Group(func(r chi.Router) {
		r.Use(room.crossOrigin, room.limited)
		r.Get(path+"*", noContent)
		r.Head(path+"*", head)
		r.Options(path+"*", options("Accept-Post", typeSDP))
		r.Post(path+"*", func(w http.ResponseWriter, req *http.Request) { room.post(w, req, path, e) })
	})
}
