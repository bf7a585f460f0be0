// Package resource holds the HTTP rules that WHIP (RFC 9725) and WHEP
// (draft-ietf-wish-whep-03) share: an endpoint takes an SDP offer by POST and
// answers with a session, which is a resource of its own.
//
// playout/whep (and ingest/whip) mount their endpoints here. It must not know
// what an offer asks for, nor what a stream is.
package resource

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"millrace/transmux/problem"
)

const (
	// maxBody bounds an offer: browsers send 4 to 10 KB, with every codec and
	// candidate that they have.
	maxBody = 64 << 10
	// sessionsPath is where sessions live.
	sessionsPath = "/sessions/"
	typeSDP      = "application/sdp"
	typeFragment = "application/trickle-ice-sdpfrag"
)

// Request is an offer as an endpoint gets it.
type Request struct {
	// Stream is what follows the endpoint's path.
	Stream string
	Offer  []byte
	// Credential is a bearer token (RFC 6750), or the query's token.
	Credential string
	Peer       netip.AddrPort
	// ID names the session that the offer will become.
	ID string
	// Ended is to be called when the session is over, however that came; it
	// does not block.
	Ended func()
}

// Session is what an accepted offer becomes.
type Session interface {
	// Ufrag is the peer's ICE user fragment, to tell trickling from a restart.
	Ufrag() string
	// Close ends the session because the peer asked for it.
	Close()
}

// Endpoint answers offers. Its errors are *problem.Problem.
type Endpoint interface {
	Accept(ctx context.Context, r Request) (answer []byte, s Session, err error)
}

// Room holds the sessions of all endpoints.
type Room struct {
	mu       sync.Mutex
	sessions map[string]Session
}

// New makes an empty room.
func New() *Room { return &Room{sessions: make(map[string]Session)} }

// Routes mounts the sessions.
func (room *Room) Routes(r chi.Router) {
	r.Route(sessionsPath+"{id}", func(r chi.Router) {
		r.Use(crossOrigin)
		r.Get("/", noContent)
		r.Head("/", noContent)
		r.Options("/", options)
		r.Patch("/", room.patch)
		r.Delete("/", room.delete)
	})
}

// Mount mounts an endpoint for all streams below path ("/whep/").
func (room *Room) Mount(r chi.Router, path string, e Endpoint) {
	r.Group(func(r chi.Router) {
		r.Use(crossOrigin)
		r.Get(path+"*", noContent)
		r.Head(path+"*", discover)
		r.Options(path+"*", options)
		r.Post(path+"*", func(w http.ResponseWriter, req *http.Request) { room.post(w, req, path, e) })
	})
}

func (room *Room) post(w http.ResponseWriter, r *http.Request, path string, e Endpoint) {
	offer, err := body(w, r, typeSDP)
	if err != nil {
		fail(w, err)
		return
	}
	id := newID()
	room.keep(id, nil)                           // so that a session that ends at once is not kept for ever
	peer, _ := netip.ParseAddrPort(r.RemoteAddr) // the zero address is nobody's
	answer, session, err := e.Accept(r.Context(), Request{
		Stream: strings.Trim(strings.TrimPrefix(r.URL.Path, path), "/"), Offer: offer,
		Credential: credential(r), Peer: peer, ID: id,
		Ended: func() { room.take(id) },
	})
	if err != nil {
		room.take(id)
		fail(w, err)
		return
	}
	room.keep(id, session)
	h := w.Header()
	h.Set("Content-Type", typeSDP)
	h.Set("Location", sessionsPath+id)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(answer) // a client that is gone shows by its silence
}

// keep notes a session under an id that is new (nil) or has not ended meanwhile.
func (room *Room) keep(id string, s Session) {
	room.mu.Lock()
	defer room.mu.Unlock()
	if _, noted := room.sessions[id]; noted || s == nil {
		room.sessions[id] = s
	}
}

// take forgets a session, and returns it if it was there.
func (room *Room) take(id string) Session {
	room.mu.Lock()
	defer room.mu.Unlock()
	s := room.sessions[id]
	delete(room.sessions, id)
	return s
}

func (room *Room) find(id string) Session {
	room.mu.Lock()
	defer room.mu.Unlock()
	return room.sessions[id]
}

func errNoSession() error {
	return problem.New(http.StatusNotFound, "This session is over or never was. Start a new one with a POST to the stream's endpoint.")
}

func (room *Room) delete(w http.ResponseWriter, r *http.Request) {
	s := room.take(chi.URLParam(r, "id"))
	if s == nil {
		fail(w, errNoSession())
		return
	}
	s.Close()
	w.WriteHeader(http.StatusOK)
}

// patch takes trickled candidates (RFC 8840) and needs none of them: the peer's
// checks tell where it is.
func (room *Room) patch(w http.ResponseWriter, r *http.Request) {
	s := room.find(chi.URLParam(r, "id"))
	if s == nil {
		fail(w, errNoSession())
		return
	}
	fragment, err := body(w, r, typeFragment)
	if err != nil {
		fail(w, err)
		return
	}
	for line := range strings.Lines(string(fragment)) {
		ufrag, named := strings.CutPrefix(strings.TrimSpace(line), "a=ice-ufrag:")
		if named && ufrag != s.Ufrag() {
			fail(w, problem.New(http.StatusUnprocessableEntity, "ICE restarts are not supported: start a new session with a POST, then DELETE this one."))
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// body reads a bounded body of that content type.
func body(w http.ResponseWriter, r *http.Request, contentType string) ([]byte, error) {
	got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || got != contentType {
		return nil, problem.New(http.StatusUnsupportedMediaType, "The Content-Type must be "+contentType+".")
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, problem.New(http.StatusRequestEntityTooLarge, "More than 64 KiB is no session description that a browser makes.")
	case err != nil:
		return nil, problem.New(http.StatusBadRequest, "The request's body ended early.")
	case len(b) == 0:
		return nil, problem.New(http.StatusBadRequest, "The body is empty: it must be an SDP offer.")
	}
	return b, nil
}

// credential is the bearer token, or for clients that can set no header the
// query's token.
func credential(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return r.URL.Query().Get("token")
}

// fail is the one way an error leaves this room.
func fail(w http.ResponseWriter, err error) {
	var p *problem.Problem
	if !errors.As(err, &p) {
		p = problem.New(http.StatusInternalServerError, "This is a fault of the gateway's; its log says more.")
	}
	p.Write(w)
}

// newID is 144 random bits: whoever knows it may end the session.
func newID() string {
	b := make([]byte, 18)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// RetrySoon is when a client should ask again for a stream that is not live.
const RetrySoon = 2 * time.Second
