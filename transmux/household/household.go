// Package household says who an address is counted as where something is bounded for
// each address.
//
// The gates and the rooms that strangers come to call it. It must not know what is
// counted.
package household

import "net/netip"

// networkBits are what a household gets of IPv6 addresses (RFC 6177): one machine has
// 2^64 of them.
const networkBits = 64

// Of is the address itself for IPv4, however it is written, and the first of its
// network for IPv6. The zero Addr is its own.
func Of(addr netip.Addr) netip.Addr {
	if addr = addr.Unmap(); addr.Is6() {
		prefix, _ := addr.WithZone("").Prefix(networkBits) // fails for longer ones only
		addr = prefix.Addr()
	}
	return addr
}

// Parse reads an address with or without its port; the zero Addr is none.
func Parse(remote string) netip.Addr {
	if at, err := netip.ParseAddrPort(remote); err == nil {
		return at.Addr()
	}
	addr, _ := netip.ParseAddr(remote)
	return addr
}
