package turn

import (
	"crypto/rand"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/pion/turn/v5"
)

// grant is what a session may do here: its credentials, and the relays made with them.
type grant struct {
	session, user string
	key           []byte // of RFC 8489 section 9.2.2
	until         time.Time
	relays        int // guarded by the room
}

// Server is a way in, as a client is told it.
type Server struct {
	URL            string // RFC 7065
	User, Password string
}

// Open gives a session its ways in, the best first, with credentials that end with
// it. host is what its client reached the gateway by, for where none is configured.
func (r *Room) Open(session, host string) []Server {
	user, password := rand.Text(), rand.Text()
	g := &grant{
		session: session, user: user, until: time.Now().Add(r.cfg.Lifetime),
		key: turn.GenerateAuthKey(user, r.cfg.Realm, password),
	}
	urls := r.urls(host)
	if len(urls) == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.grants[user], r.sessions[session] = g, g
	servers := make([]Server, len(urls))
	for i, url := range urls {
		servers[i] = Server{URL: url, User: user, Password: password}
	}
	return servers
}

// End takes a session's credentials back and closes its relays.
func (r *Room) End(session string) {
	r.mu.Lock()
	g := r.sessions[session]
	if g == nil {
		r.mu.Unlock()
		return
	}
	delete(r.sessions, session)
	delete(r.grants, g.user)
	var open []*relay
	for one := range r.relays {
		if one.grant == g {
			open = append(open, one)
		}
	}
	r.mu.Unlock()
	for _, one := range open {
		_ = one.Close()
	}
}

// urls are the ways in to a host that is known by that name.
func (r *Room) urls(host string) (urls []string) {
	hosts, secure := r.cfg.Hosts, r.cfg.TLSHost
	if len(hosts) == 0 {
		hosts = []string{host}
	}
	if secure == "" {
		secure = hosts[0]
	}
	add := func(scheme, host string, at net.Addr, transport string) {
		if at == nil || host == "" {
			return
		}
		number, err := netip.ParseAddrPort(at.String())
		if err != nil {
			return
		}
		urls = append(urls, scheme+":"+net.JoinHostPort(host, strconv.Itoa(int(number.Port())))+"?transport="+transport)
	}
	for _, host := range hosts {
		if r.sockets.UDP != nil {
			add("turn", host, r.sockets.UDP.LocalAddr(), "udp")
		}
	}
	for _, host := range hosts {
		if r.sockets.TCP != nil {
			add("turn", host, r.sockets.TCP.Addr(), "tcp")
		}
	}
	if r.sockets.TLS != nil {
		add("turns", secure, r.sockets.TLS.Addr(), "tcp")
	}
	return urls
}

// authenticate finds a request's password. What it calls the user is the name and
// where it came from, so that a relay knows both.
func (r *Room) authenticate(req *turn.RequestAttributes) (id string, key []byte, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.grants[req.Username]
	if g == nil || time.Now().After(g.until) || req.Realm != r.cfg.Realm {
		r.stats.refuse(refusedCredential)
		return "", nil, false
	}
	return g.user + " " + req.SrcAddr.Network() + " " + req.SrcAddr.String(), g.key, true
}

// client takes such a name apart. r.mu must be held.
func (r *Room) client(id string) (g *grant, network string, at netip.AddrPort) {
	words := strings.Fields(id)
	if len(words) != 3 {
		return nil, "", at
	}
	at, err := netip.ParseAddrPort(words[2])
	if err != nil {
		return nil, "", at
	}
	return r.grants[words[0]], words[1], netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
