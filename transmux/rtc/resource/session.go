package resource

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"

	"millrace/transmux/problem"
)

// entry is a session as this room keeps it.
type entry struct {
	// mu is held by the one request that changes the session: clients may send
	// the next one before the last is answered.
	mu      sync.Mutex
	session Session
	etag    string // of the ICE session, quoted
}

// current is the session without holding it.
func (e *entry) current() Session {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.session
}

// post makes a session of an offer, or says what to offer.
func (room *Room) post(w http.ResponseWriter, r *http.Request, path string, endpoint Endpoint) {
	offer, err := Body(r, typeSDP, maxSDP)
	if err != nil {
		w.Header().Set("Accept-Post", typeSDP)
		Fail(w, err)
		return
	}
	id := room.newID()
	e := &entry{etag: newTag()}
	e.mu.Lock()
	defer e.mu.Unlock()
	room.put(id, e) // before it can end, so that its end finds it
	servers := room.servers(id, r)
	answer, session, err := endpoint.Accept(r.Context(), Request{
		Stream: strings.Trim(strings.TrimPrefix(r.URL.Path, path), "/"), Offer: offer,
		Credential: credential(r), Peer: peerOf(r), Agent: agentOf(r), ID: id,
		Ended: func() { room.take(id) },
	})
	if err != nil {
		room.take(id)
		Fail(w, err)
		return
	}
	e.session = session
	h := w.Header()
	h.Set("Content-Type", typeSDP)
	h.Set("Location", sessionsPath+id)
	h.Set("ETag", e.etag)
	h.Set("Cache-Control", "no-store")
	for _, l := range links(servers, session, sessionsPath+id) {
		h.Add("Link", l.String())
	}
	status := http.StatusCreated
	if _, ours := session.(Proposal); ours {
		status = http.StatusNotAcceptable
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer) // a client that is gone shows by its silence
}

// servers are what a session may be told of: everybody's, and its own, which are taken
// back when it ends.
func (room *Room) servers(id string, r *http.Request) []ICEServer {
	servers := *room.shared.Load()
	if room.cfg.Detours != nil {
		servers = append(servers[:len(servers):len(servers)], room.cfg.Detours.Open(id, hostOf(r))...)
	}
	return servers
}

// links are the ICE servers and the session's extensions.
func links(servers []ICEServer, s Session, path string) []Link {
	links := make([]Link, 0, len(servers))
	for _, server := range servers {
		links = append(links, server.link())
	}
	if x, ok := s.(Extended); ok {
		links = append(links, x.Links(path)...)
	}
	return links
}

// get says that the session is there: it has no representation.
func (room *Room) get(w http.ResponseWriter, r *http.Request) {
	if room.find(r) == nil {
		Fail(w, errNoSession())
		return
	}
	noContent(w, r)
}

// delete ends the session, whatever its ICE session is by now: If-Match means
// nothing here.
func (room *Room) delete(w http.ResponseWriter, r *http.Request) {
	e := room.find(r)
	if e == nil {
		Fail(w, errNoSession())
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.session.Authorize(r.Context(), credential(r)); err != nil {
		Fail(w, err)
		return
	}
	if room.take(chi.URLParam(r, "id")) == nil {
		Fail(w, errNoSession())
		return
	}
	e.session.Close()
	w.WriteHeader(http.StatusOK)
}

// below hands a request to the session's extensions.
func (room *Room) below(w http.ResponseWriter, r *http.Request) {
	e := room.find(r)
	if e == nil {
		Fail(w, errNoSession())
		return
	}
	x, ok := e.current().(Extended)
	if !ok {
		Fail(w, problem.New(http.StatusNotFound, "This session has no such extension; the Link headers of the 201 name those that there are."))
		return
	}
	if r.Method != http.MethodGet {
		if err := x.Authorize(r.Context(), credential(r)); err != nil {
			Fail(w, err)
			return
		}
	}
	x.ServeBelow(w, r, sessionsPath+chi.URLParam(r, "id"), chi.URLParam(r, "*"))
}

func (room *Room) put(id string, e *entry) {
	room.mu.Lock()
	defer room.mu.Unlock()
	room.sessions[id] = e
}

// take forgets a session, and returns it if it was there.
func (room *Room) take(id string) *entry {
	room.mu.Lock()
	e := room.sessions[id]
	delete(room.sessions, id)
	room.mu.Unlock()
	if e != nil && room.cfg.Detours != nil {
		room.cfg.Detours.End(id)
	}
	return e
}

// find is the session that the request's path names, or nil.
func (room *Room) find(r *http.Request) *entry {
	room.mu.Lock()
	defer room.mu.Unlock()
	return room.sessions[chi.URLParam(r, "id")]
}

func errNoSession() error {
	return problem.New(http.StatusNotFound, "This session is over or never was. Start a new one with a POST to the stream's endpoint.")
}

// peerOf is where the request came from; the zero address is nobody's.
func peerOf(r *http.Request) netip.AddrPort {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	return netip.AddrPortFrom(peer.Addr().Unmap(), peer.Port())
}

// nodeEnd ends a node's name in a session's id. Names do not have it, and paths
// need not escape it.
const nodeEnd = "~"

// newID is 144 random bits, since whoever knows it may end the session, behind the
// node's name.
func (room *Room) newID() string {
	if room.cfg.Node == "" {
		return random(18)
	}
	return room.cfg.Node + nodeEnd + random(18)
}

// NodeOf is the node that a request to a session is for; false if the path is no
// session's, or names none.
func NodeOf(path string) (node string, ok bool) {
	id, ok := strings.CutPrefix(path, sessionsPath)
	if !ok {
		return "", false
	}
	id, _, _ = strings.Cut(id, "/")
	node, _, ok = strings.Cut(id, nodeEnd)
	return node, ok && node != ""
}

// newTag is a strong entity tag (RFC 9110 section 8.8.3) that no other ICE session has.
func newTag() string { return `"` + random(9) + `"` }

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}
