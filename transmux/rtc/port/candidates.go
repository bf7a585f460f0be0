package port

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// Candidates are the addresses to name to a peer, best first: the configured
// public ones, or the bound one, or those of the interfaces. Loopback is named
// where there is nothing else, and to a peer that itself comes over loopback.
func (p *Port) Candidates(peer netip.Addr) []netip.AddrPort {
	addrs := p.cfg.PublicIPs
	switch {
	case len(addrs) > 0:
	case !p.wildcard():
		addrs = []netip.Addr{p.local.Addr()}
	default:
		addrs = interfaceAddrs()
		if loopback := peer.Unmap(); loopback.IsLoopback() {
			addrs = append(addrs, loopback)
		} else if len(addrs) == 0 {
			addrs = append(addrs, netip.AddrFrom4([4]byte{127, 0, 0, 1}))
		}
	}
	candidates := make([]netip.AddrPort, len(addrs))
	for i, addr := range addrs {
		candidates[i] = netip.AddrPortFrom(addr, p.local.Port())
	}
	return candidates
}

// interfaceAddrs are the addresses a peer elsewhere may reach: not loopback, not
// link-local. IPv4 first, for networks whose IPv6 leads nowhere.
func interfaceAddrs() []netip.Addr {
	var addrs []netip.Addr
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		nets, err := i.Addrs()
		if err != nil {
			continue // the interface went away while we looked
		}
		for _, n := range nets {
			if prefix, err := netip.ParsePrefix(n.String()); err == nil {
				if addr := prefix.Addr().Unmap(); addr.IsGlobalUnicast() {
					addrs = append(addrs, addr)
				}
			}
		}
	}
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return addrs
}

// priority of a host candidate, RFC 8445 section 5.1.2.1.
func priority(rank int) uint32 {
	const hostPreference, component = 126, 1
	return hostPreference<<24 | uint32(65535-rank)<<8 | (256 - component)
}

// CandidateLine is the value of an SDP candidate attribute (RFC 8839 section
// 5.1) for the candidate of that rank, 0 the best.
func CandidateLine(candidate netip.AddrPort, rank int) string {
	return fmt.Sprintf("%d 1 udp %d %s %d typ host", rank+1, priority(rank), candidate.Addr(), candidate.Port())
}
