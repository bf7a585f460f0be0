package port

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"sync"
)

// Endpoint gets the packets of one peer. Receive is called by the port's reading
// goroutine and by those of the peer's connections, perhaps at once; none of the
// calls may block.
type Endpoint interface {
	// Receive takes a packet; it must copy what it keeps.
	Receive(packet []byte, from Path)
	// Drained says that a connection of the peer's that was not Ready is so now.
	Drained()
	// Lost says that a connection is closed, and not by Release.
	Lost(path Path)
}

// ErrClaimed says that a user fragment is in use.
var ErrClaimed = errors.New("ICE user fragment is in use")

// mux finds the endpoint of a packet: a STUN request by the user fragment it
// names, everything else by the address that an authenticated request came from,
// or the connection.
type mux struct {
	mu     sync.RWMutex
	ufrags map[string]Endpoint
	addrs  map[netip.AddrPort]Endpoint
}

func (m *mux) init() {
	m.ufrags = make(map[string]Endpoint)
	m.addrs = make(map[netip.AddrPort]Endpoint)
}

// Claim gives the endpoint all STUN requests that name our user fragment.
func (p *Port) Claim(ufrag string, e Endpoint) error {
	p.mux.mu.Lock()
	defer p.mux.mu.Unlock()
	if _, taken := p.mux.ufrags[ufrag]; taken {
		return ErrClaimed
	}
	p.mux.ufrags[ufrag] = e
	return nil
}

// Bind gives the endpoint everything that comes over that path. Call it only once
// the peer has proved there that it knows the session's password.
func (p *Port) Bind(path Path, e Endpoint) {
	if path.stream != nil {
		path.stream.bind(e)
		return
	}
	p.mux.mu.Lock()
	defer p.mux.mu.Unlock()
	p.mux.addrs[path.Remote] = e
}

// Release forgets the fragment and those of the paths that are still the
// endpoint's. Connections among them are closed once what waits in them is sent.
func (p *Port) Release(ufrag string, paths []Path, e Endpoint) {
	p.mux.mu.Lock()
	if p.mux.ufrags[ufrag] == e {
		delete(p.mux.ufrags, ufrag)
	}
	for _, path := range paths {
		if path.stream == nil && p.mux.addrs[path.Remote] == e {
			delete(p.mux.addrs, path.Remote)
		}
	}
	p.mux.mu.Unlock()
	for _, path := range paths {
		if path.stream != nil {
			path.stream.release(e)
		}
	}
}

func (m *mux) find(packet []byte, from *Path) Endpoint {
	if ufrag, named := localUfrag(packet); named {
		m.mu.RLock()
		defer m.mu.RUnlock()
		return m.ufrags[string(ufrag)]
	}
	if from.stream != nil {
		return from.stream.owner()
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.addrs[from.Remote]
}

// STUN's fixed numbers, RFC 8489 sections 5 and 14.3.
const (
	stunHeader         = 20
	stunCookie         = 0x2112A442
	stunBindingRequest = 0x0001
	stunUsername       = 0x0006
)

// IsSTUN tells STUN from DTLS, RTP and RTCP (RFC 7983 section 7).
func IsSTUN(packet []byte) bool {
	return len(packet) >= stunHeader && packet[0] < 4 &&
		binary.BigEndian.Uint32(packet[4:]) == stunCookie
}

// localUfrag is our half of a binding request's USERNAME (RFC 8445 section
// 7.2.2: "ours:theirs"). It is false for everything that is no such request.
func localUfrag(packet []byte) ([]byte, bool) {
	if !IsSTUN(packet) || binary.BigEndian.Uint16(packet) != stunBindingRequest {
		return nil, false
	}
	attrs := packet[stunHeader:]
	for len(attrs) >= 4 {
		kind, size := binary.BigEndian.Uint16(attrs), int(binary.BigEndian.Uint16(attrs[2:]))
		attrs = attrs[4:]
		if size > len(attrs) {
			return nil, false
		}
		if kind == stunUsername {
			ours, _, _ := bytes.Cut(attrs[:size], []byte(":"))
			return ours, true
		}
		attrs = attrs[min(len(attrs), (size+3)&^3):]
	}
	return nil, false
}
