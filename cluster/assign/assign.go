// Package assign brings requests to the node that should answer them: new viewers
// and publishers to one with room near them, by 307, and what is about a session
// to the node that has it, by passing it on.
//
// cmd/millrace puts its Handler around the site. It knows the directory and the
// shape of WHIP's and WHEP's paths; it must not know what an offer is.
package assign

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"millrace/cluster/directory"
	"millrace/transmux/problem"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/trace"
)

const (
	// redirectedQuery marks a request that was sent here by another node: it is
	// answered here, whatever else may be.
	redirectedQuery = "redirected"
	// TraceQuery is where a request that was sent to another node has the name of the
	// span that it belongs to, where it is traced.
	TraceQuery = "traceparent"
	whepPath   = "/whep/"
	whipPath   = "/whip/"
	// maxForwards bounds what this node passes on at a time; most of it is
	// events that stay open.
	maxForwards = 4096
	// maxBody is more than an SDP or a fragment of one may be anywhere.
	maxBody = 256 << 10
	// dialTimeout and answerTimeout bound the wait for the other node.
	dialTimeout   = 2 * time.Second
	answerTimeout = 10 * time.Second
)

// Directory is what the room must know of the others; *directory.Directory is one.
type Directory interface {
	Nodes() []directory.Peer
	Node(id string) (directory.Peer, bool)
}

// Config is the room's settings.
type Config struct {
	Self     string // this node's id
	Policy   Policy
	Networks []Network
	// Secret is the cluster's: nodes believe what others pass on because of it.
	Secret string
}

// Stats are totals since the start.
type Stats struct {
	Redirected, Forwarded, Refused uint64
}

// Room sends requests on.
type Room struct {
	cfg   Config
	dir   Directory
	mark  *mark
	proxy *httputil.ReverseProxy
	log   *slog.Logger

	open                           atomic.Int64
	redirected, forwarded, refused atomic.Uint64
}

// New makes the room.
func New(cfg Config, dir Directory, log *slog.Logger) (*Room, error) {
	m, err := newMark(cfg.Secret)
	if err != nil {
		return nil, err
	}
	room := &Room{cfg: cfg, dir: dir, mark: m, log: log}
	room.proxy = &httputil.ReverseProxy{
		Rewrite: room.rewrite,
		Transport: &http.Transport{
			DialContext: dialer().DialContext, ResponseHeaderTimeout: answerTimeout, TLSHandshakeTimeout: dialTimeout,
			MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		},
		FlushInterval:  -1, // events
		ErrorHandler:   room.unanswered,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ModifyResponse: nil,
	}
	return room, nil
}

// Close ends the idle connections to other nodes.
func (room *Room) Close() { room.proxy.Transport.(*http.Transport).CloseIdleConnections() }

// Stats are the totals.
func (room *Room) Stats() Stats {
	return Stats{room.redirected.Load(), room.forwarded.Load(), room.refused.Load()}
}

// Handler answers what is for other nodes, and leaves the rest to next.
func (room *Room) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, client, marked := room.mark.read(r)
		if marked {
			r.RemoteAddr = client // who it is that this is for
		}
		if node, ok := resource.NodeOf(r.URL.Path); ok && node != room.cfg.Self && r.Method != http.MethodOptions {
			room.forward(w, r, node, from)
			return
		}
		if kind, ok := wants(r); ok && !marked {
			if to, better := room.choose(r, kind); better {
				room.redirect(w, r, to)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// wants is what a request that begins a session is for.
func wants(r *http.Request) (Kind, bool) {
	if r.Method != http.MethodPost {
		return 0, false
	}
	switch {
	case strings.HasPrefix(r.URL.Path, whepPath):
		return Viewer, true
	case strings.HasPrefix(r.URL.Path, whipPath):
		return Publisher, true
	default:
		return 0, false
	}
}

func (room *Room) choose(r *http.Request, kind Kind) (directory.Peer, bool) {
	if r.URL.Query().Has(redirectedQuery) {
		return directory.Peer{}, false
	}
	return Choose(room.dir.Nodes(), Request{
		Kind: kind, Region: regionOf(r, room.cfg.Networks), Self: room.cfg.Self, Chance: rand.Float64(),
	}, room.cfg.Policy)
}

// redirect sends a client to another node (RFC 9725 section 4.5). The offer comes
// there again, as it is.
func (room *Room) redirect(w http.ResponseWriter, r *http.Request, to directory.Peer) {
	target, err := url.Parse(to.HTTP)
	if err != nil {
		fail(w, problem.New(http.StatusServiceUnavailable, "The node that should answer has no address.").After(resource.RetrySoon))
		return
	}
	target = target.JoinPath(r.URL.EscapedPath())
	query := r.URL.Query()
	query.Set(redirectedQuery, room.cfg.Self)
	if span := trace.From(r.Context()); span != nil {
		query.Set(TraceQuery, span.Carry())
	}
	target.RawQuery = query.Encode()
	room.redirected.Add(1)
	room.log.Debug("assign: sent to another node", "path", r.URL.Path, "node", to.ID)
	h := w.Header()
	crossOrigin(h)
	h.Set("Location", target.String())
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// forward passes on what is about a session of another node.
func (room *Room) forward(w http.ResponseWriter, r *http.Request, node, from string) {
	peer, known := room.dir.Node(node)
	switch {
	case !known:
		room.refused.Add(1)
		fail(w, problem.New(http.StatusNotFound, "The node that had this session is gone, and the session with it. Start a new one with a POST to the stream's endpoint."))
		return
	case from != "" || peer.HTTP == "":
		room.refused.Add(1)
		fail(w, problem.New(http.StatusBadGateway, "The node that has this session cannot be reached from here: its http.advertise is missing or wrong."))
		return
	case room.open.Add(1) > maxForwards:
		room.open.Add(-1)
		room.refused.Add(1)
		fail(w, problem.New(http.StatusServiceUnavailable, "Too much is being passed on to other nodes. Ask again in a moment.").After(resource.RetrySoon))
		return
	}
	defer room.open.Add(-1)
	room.forwarded.Add(1)
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	room.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), targetKey{}, peer)))
}

// targetKey is where a request's context has the node that it goes to.
type targetKey struct{}

func (room *Room) rewrite(r *httputil.ProxyRequest) {
	peer := r.In.Context().Value(targetKey{}).(directory.Peer)
	target, err := url.Parse(peer.HTTP)
	if err != nil {
		target = &url.URL{} // which the transport refuses
	}
	r.SetURL(target)
	r.Out.Host = target.Host
	room.mark.write(r.Out, room.cfg.Self, r.In.RemoteAddr)
}

func (room *Room) unanswered(w http.ResponseWriter, r *http.Request, err error) {
	peer, _ := r.Context().Value(targetKey{}).(directory.Peer)
	room.refused.Add(1)
	room.log.Debug("assign: not passed on", "node", peer.ID, "cause", err)
	fail(w, problem.New(http.StatusBadGateway, "The node that has this session does not answer. Ask again in a moment, or start a new session.").After(resource.RetrySoon))
}

// crossOrigin is as the sessions' own answers have it: a page that is not told
// may not follow.
func crossOrigin(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Location, ETag, Link, Retry-After, WWW-Authenticate, Accept-Post, Accept-Patch")
}

func fail(w http.ResponseWriter, p *problem.Problem) {
	crossOrigin(w.Header())
	p.Write(w)
}
