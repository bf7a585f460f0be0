package port

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// Candidate is one of our addresses, as a peer is told it.
type Candidate struct {
	Addr netip.AddrPort
	TCP  bool // passive: the peer connects (RFC 6544 section 4.1)
	rank int  // in the list; 0 is the best
}

// Candidates are the addresses to name to a peer, best first: the configured
// public ones, or the bound one, or those of the interfaces. Loopback is named
// where there is nothing else, and to a peer that itself comes over loopback. All
// of them are named for UDP before any is for TCP.
func (p *Port) Candidates(peer netip.Addr) []Candidate {
	addrs := p.addrs(peer)
	var candidates []Candidate
	for _, tcp := range []bool{false, true} {
		if tcp && p.listener == nil {
			break
		}
		for _, addr := range addrs {
			at := netip.AddrPortFrom(addr, p.local.Port())
			candidates = append(candidates, Candidate{Addr: at, TCP: tcp, rank: len(candidates)})
		}
	}
	return candidates
}

func (p *Port) addrs(peer netip.Addr) []netip.Addr {
	if addrs := p.public.addrs(); len(addrs) > 0 {
		return addrs
	}
	if !p.wildcard() {
		return []netip.Addr{p.local.Addr()}
	}
	addrs := interfaceAddrs()
	if loopback := peer.Unmap(); loopback.IsLoopback() {
		addrs = append(addrs, loopback)
	} else if len(addrs) == 0 {
		addrs = append(addrs, netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	return addrs
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

// priority is RFC 8445 section 5.1.2.1's, with the preferences of RFC 6544 section
// 4.2 for TCP: below every UDP candidate, and, of the ways to connect, passive.
func (c Candidate) priority() uint32 {
	const component = 1
	kind, local := uint32(126), uint32(65535-c.rank) // host
	if c.TCP {
		const passive = 4
		kind, local = 90, passive<<13|uint32(8191-c.rank)
	}
	return kind<<24 | local<<8 | (256 - component)
}

// String is the value of an SDP candidate attribute (RFC 8839 section 5.1, RFC
// 6544 section 4.5).
func (c Candidate) String() string {
	transport, extension := "udp", ""
	if c.TCP {
		transport, extension = "tcp", " tcptype passive"
	}
	return fmt.Sprintf("%d 1 %s %d %s %d typ host%s",
		c.rank+1, transport, c.priority(), c.Addr.Addr(), c.Addr.Port(), extension)
}
