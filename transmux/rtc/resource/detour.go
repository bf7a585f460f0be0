package resource

import (
	"net"
	"net/http"
)

// Detours gives sessions servers of their own to go through, beside those that are the
// same for all: TURN servers with credentials for one session.
type Detours interface {
	// Open names a session's, before it begins. host is what its client reached the
	// gateway by.
	Open(session, host string) []ICEServer
	// End takes the credentials back. It may be called more than once.
	End(session string)
}

// hostOf is the host that a request was sent to, without its port; empty where it
// names none that could be part of a URL.
func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if len(host) > 2 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	if len(host) > 253 { // RFC 1035 section 2.3.4
		return ""
	}
	for _, c := range []byte(host) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-', c == ':':
		default:
			return ""
		}
	}
	return host
}
