package turn

import (
	"errors"
	"net"
	"net/netip"
	"strings"

	"github.com/pion/turn/v5"

	"millrace/transmux/household"
)

// What clients are refused for; the library answers 508 to the first, and what its
// question before that found, 486.
var (
	errQuota     = errors.New("turn: quota")
	errNotUDP    = errors.New("turn: only UDP is relayed")
	errPort      = errors.New("turn: no port of a relay can be chosen")
	errNoFamily  = errors.New("turn: the gateway has no address of that family")
	errNoSuchOne = errors.New("turn: the session is over")
)

// addresses makes relays for the library.
type addresses struct{ room *Room }

// Validate is turn.RelayAddressGenerator's.
func (addresses) Validate() error { return nil }

// AllocatePacketConn makes a relay. A request for a port that is even, or one that was
// kept back (RFC 8656 section 7.2), is refused: there are no ports.
func (a addresses) AllocatePacketConn(req turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	if req.RequestedPort != 0 || req.UserID == "" {
		a.room.stats.refuse(refusedRequest)
		return nil, nil, errPort
	}
	one, err := a.room.open(req.UserID, strings.HasSuffix(req.Network, "6"))
	if err != nil {
		return nil, nil, err
	}
	return one, one.LocalAddr(), nil
}

// AllocateListener refuses: WebRTC relays UDP only.
func (a addresses) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	a.room.stats.refuse(refusedRequest)
	return nil, nil, errNotUDP
}

// AllocateConn refuses likewise.
func (a addresses) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) {
	a.room.stats.refuse(refusedRequest)
	return nil, errNotUDP
}

// permits says whether a client may send to that address at all. Which port, only the
// relay sees.
func (r *Room) permits(client net.Addr, peer net.IP) bool {
	addr, ok := netip.AddrFromSlice(peer)
	if addr = addr.Unmap(); ok && r.ours(addr) {
		return true
	}
	r.stats.refuse(refusedPeer)
	r.log.Debug("turn: relaying to another address was refused", "client", client.String(), "peer", addr.String())
	return false
}

// ours says whether it is an address of the gateway's.
func (r *Room) ours(addr netip.Addr) bool {
	for _, c := range r.gateway.Candidates(addr) {
		if !c.TCP && c.Addr.Addr() == addr {
			return true
		}
	}
	return false
}

// target is where packets for a peer go: the gateway's own socket, or nowhere.
func (r *Room) target(peer netip.AddrPort) (netip.AddrPort, bool) {
	own := r.gateway.Addr()
	if peer.Port() != own.Port() || !r.ours(peer.Addr()) {
		return netip.AddrPort{}, false
	}
	if !own.Addr().IsUnspecified() {
		return own, true
	}
	if peer.Addr().Is4() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), own.Port()), true
	}
	return netip.AddrPortFrom(netip.IPv6Loopback(), own.Port()), true
}

// hasRoom is asked before a relay is made.
func (r *Room) hasRoom(id, _ string, _ net.Addr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, _, at := r.client(id)
	return g != nil && r.fits(g, at.Addr()) == nil
}

// fits says whether there may be one more. r.mu must be held.
func (r *Room) fits(g *grant, at netip.Addr) error {
	switch {
	case len(r.relays) >= r.cfg.Allocations:
		r.stats.refuse(refusedTotal)
	case r.places[household.Of(at)] >= r.cfg.PerAddress:
		r.stats.refuse(refusedAddress)
	case g.relays >= r.cfg.PerSession:
		r.stats.refuse(refusedSession)
	default:
		return nil
	}
	return errQuota
}

// open makes a relay for a client.
func (r *Room) open(id string, six bool) (*relay, error) {
	own, ok := r.relayed(six)
	if !ok {
		r.stats.refuse(refusedRequest)
		return nil, errNoFamily
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	g, network, at := r.client(id)
	if g == nil || r.over {
		return nil, errNoSuchOne
	}
	if err := r.fits(g, at.Addr()); err != nil {
		return nil, err
	}
	r.nominal = max(r.nominal+1, firstNominal) // wraps around
	one := newRelay(r, g, network, at, netip.AddrPortFrom(own, r.nominal))
	r.relays[one] = struct{}{}
	r.places[household.Of(at.Addr())]++
	g.relays++
	r.work.Add(1)
	r.stats.opened.Add(1)
	r.log.Info("turn: relaying", "remote", at.String(), "over", network)
	return one, nil
}

// relayed is what the client is told that its peer sees.
func (r *Room) relayed(six bool) (netip.Addr, bool) {
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if six {
		loopback = netip.IPv6Loopback()
	}
	for _, c := range r.gateway.Candidates(loopback) {
		if !c.TCP && c.Addr.Addr().Is4() != six {
			return c.Addr.Addr(), true
		}
	}
	return netip.Addr{}, false
}

// left is called by a relay that is closed.
func (r *Room) left(one *relay) {
	r.mu.Lock()
	delete(r.relays, one)
	for _, leg := range one.legs { // there come no more
		r.falls(leg)
	}
	one.grant.relays--
	if place := household.Of(one.client.Addr()); r.places[place] > 1 {
		r.places[place]--
	} else {
		delete(r.places, place)
	}
	r.mu.Unlock()
	r.log.Info("turn: relay closed", "remote", one.client.String(), "over", one.network,
		"up", one.up.Load(), "down", one.down.Load())
	r.work.Done()
}

func (r *Room) closeAll() {
	r.mu.Lock()
	r.over = true
	open := make([]*relay, 0, len(r.relays))
	for one := range r.relays {
		open = append(open, one)
	}
	r.mu.Unlock()
	for _, one := range open {
		_ = one.Close()
	}
}
