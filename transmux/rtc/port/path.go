package port

import "net/netip"

// Path is how a peer is reached: from which of our addresses to which of its, or
// over which TCP connection. Paths can be compared.
type Path struct {
	// Local is invalid where there is nothing to choose: a socket that is bound
	// to one address, or a connection.
	Local  netip.Addr
	Remote netip.AddrPort

	stream *stream // nil for UDP
}

// TCP tells that the path is a connection.
func (p *Path) TCP() bool { return p.stream != nil }

// Peer is the path without our side: what Bind and Release go by.
func (p Path) Peer() Path {
	p.Local = netip.Addr{}
	return p
}

// Ready tells whether media may go that way now. A connection that has not got
// rid of what it was given is not ready: Endpoint.Drained says when to ask again.
func (p *Path) Ready() bool { return p.stream == nil || p.stream.ready() }

// Gone tells that the path was a connection that is closed.
func (p *Path) Gone() bool { return p.stream != nil && p.stream.gone() }
