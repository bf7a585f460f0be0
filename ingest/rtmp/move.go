package rtmp

import (
	"net"
	"net/url"
	"sync"
)

// codeReconnect asks a client to connect anew (enhanced-rtmp-v2, "Reconnect
// Request"): it goes on publishing until it has, and then leaves.
const codeReconnect = "NetConnection.Connect.ReconnectRequest"

// movables are the publishers that may be asked to connect anew.
type movables struct {
	mu   sync.Mutex
	open map[*session]bool // whether it was asked
}

func (m *movables) enter(s *session) (leave func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open == nil {
		m.open = make(map[*session]bool)
	}
	m.open[s] = false
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.open, s)
	}
}

// unasked are those that were not asked yet, and are now.
func (m *movables) unasked() []*session {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []*session
	for s, asked := range m.open {
		if !asked {
			m.open[s] = true
			all = append(all, s)
		}
	}
	return all
}

// Reconnect asks the publishers that can do it to connect anew, once each. to says
// which host to go to instead of the one that the publisher came to; the same, or
// "", lets it ask for that one again, as is right for a name that several nodes
// share. It returns how many were asked.
func (s *Server) Reconnect(to func(host string) string) int {
	all := s.movables.unasked()
	for _, one := range all {
		properties := []property{
			{"level", "status"}, {"code", codeReconnect}, {"description", "the gateway is about to stop: please connect anew"},
		}
		if at := elsewhere(one.tcURL, to); at != "" {
			properties = append(properties, property{"tcUrl", at})
		}
		body := appendNumber(appendString(nil, "onStatus"), 0)
		m := &message{kind: typeCommandAMF0, body: appendObject(append(body, amfNull), properties...)}
		one.out.offer(appendMessage(nil, chunkStreamCommand, librarySendChunk, m))
		one.log.Info("rtmp: publisher asked to connect anew")
	}
	return len(all)
}

// elsewhere is the URL on another host, "" if that is not another one.
func elsewhere(tcURL string, to func(host string) string) string {
	u, err := url.Parse(tcURL)
	if err != nil || u.Host == "" {
		return ""
	}
	host := to(u.Hostname())
	if host == "" || host == u.Hostname() {
		return ""
	}
	switch port := u.Port(); {
	case port != "":
		u.Host = net.JoinHostPort(host, port)
	case net.ParseIP(host) != nil && net.ParseIP(host).To4() == nil:
		u.Host = "[" + host + "]"
	default:
		u.Host = host
	}
	return u.String()
}
