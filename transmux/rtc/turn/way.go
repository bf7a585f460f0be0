package turn

import (
	"net"
	"net/netip"
	"sync/atomic"
)

// Relayed is what the way of a peer is called that comes through a relay of ours.
const Relayed = "relay"

// Client is who comes to the gateway from that address through a relay: where the
// client is itself. It is false where no relay sends from there.
func (r *Room) Client(from netip.AddrPort) (netip.AddrPort, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.legs[plain(from)]
	if one == nil {
		return netip.AddrPort{}, false
	}
	return one.client, true
}

// stands notes that a relay sends to the gateway from there, and falls that it no
// longer does.
func (r *Room) stands(leg *net.UDPConn, one *relay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.legs[legAt(leg)] = one
}

// falls is called with r.mu held.
func (r *Room) falls(leg *net.UDPConn) { delete(r.legs, legAt(leg)) }

func legAt(leg *net.UDPConn) netip.AddrPort {
	return plain(leg.LocalAddr().(*net.UDPAddr).AddrPort())
}

// plain is the same for IPv4 in whatever clothes.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// Relays know who comes through them; *Room is one.
type Relays interface {
	Client(from netip.AddrPort) (netip.AddrPort, bool)
}

// Way is how one peer of the gateway is reached, for people. It remembers a relay that
// is gone before its peer is: browsers close theirs first. Its methods are safe for
// concurrent use. A Way without Relays knows of none.
type Way struct {
	Relays Relays

	last atomic.Pointer[detour]
}

// detour is a relay that the peer came by.
type detour struct{ from, client netip.AddrPort }

// Of says how a peer is reached whose packets come over that transport from there:
// Relayed, and where it is itself; or what it was asked about.
func (w *Way) Of(transport string, from netip.AddrPort) (string, netip.AddrPort) {
	if w.Relays == nil || !from.IsValid() {
		return transport, from
	}
	if d := w.last.Load(); d != nil && d.from == from {
		return Relayed, d.client
	}
	client, ok := w.Relays.Client(from)
	if !ok {
		return transport, from
	}
	w.last.Store(&detour{from, client})
	return Relayed, client
}
