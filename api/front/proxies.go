package front

import (
	"net/http"
	"net/netip"
	"strings"
)

// The ways in which proxies say whom they speak for.
const (
	XForwardedFor = "x-forwarded-for"
	Forwarded     = "forwarded" // RFC 7239
)

// maxHops bounds how far back a chain of proxies is followed.
const maxHops = 32

// Proxies are those who are believed when they say whom they speak for.
type Proxies struct {
	// Networks are where they are; empty for none.
	Networks []netip.Prefix
	// Header is the one that they write: XForwardedFor, Forwarded or ProxyProtocol.
	// It is one and not all: a proxy that writes the one lets through what a client wrote into
	// the other.
	Header string
}

// Handler gives requests that come through proxies the address that they came from.
func (p Proxies) Handler(next http.Handler) http.Handler {
	if len(p.Networks) == 0 || p.Header == ProxyProtocol { // of that the listener knows
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil {
			next.ServeHTTP(w, r)
			return
		}
		if from := p.client(peer, r.Header); from != peer {
			behind := *r // what is above must not see it change
			behind.RemoteAddr = from.String()
			r = &behind
		}
		next.ServeHTTP(w, r)
	})
}

// client goes back from the peer, as long as the one who speaks is believed. The first
// who is not is the client, whatever he says further.
func (p Proxies) client(peer netip.AddrPort, h http.Header) netip.AddrPort {
	read, name := ofList, "X-Forwarded-For"
	if p.Header == Forwarded {
		read, name = ofForwarded, "Forwarded"
	}
	at := netip.AddrPortFrom(peer.Addr().Unmap(), peer.Port())
	rest := strings.Join(h.Values(name), ",")
	for range maxHops {
		if !p.trusts(at.Addr()) || rest == "" {
			break
		}
		var last string
		rest, last = cutLast(rest)
		hop, ok := read(last)
		if !ok {
			break // the proxy does not know, or does not say
		}
		at = hop
	}
	if at.Addr() == peer.Addr().Unmap() {
		return peer
	}
	return at
}

func (p Proxies) trusts(addr netip.Addr) bool {
	for _, n := range p.Networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}

// cutLast cuts the last element off a list (RFC 9110 section 5.6.1), whose commas may
// stand in quotes.
func cutLast(list string) (rest, last string) {
	quoted := false
	for i := len(list) - 1; i >= 0; i-- {
		switch {
		case list[i] == '"' && (i == 0 || list[i-1] != '\\'):
			quoted = !quoted
		case list[i] == ',' && !quoted:
			return list[:i], list[i+1:]
		}
	}
	return "", list
}

// ofList is an element of X-Forwarded-For: an address, with or without a port.
func ofList(element string) (netip.AddrPort, bool) {
	element = strings.TrimSpace(element)
	if at, err := netip.ParseAddrPort(element); err == nil {
		return clean(at)
	}
	addr, err := netip.ParseAddr(strings.Trim(element, "[]"))
	if err != nil {
		return netip.AddrPort{}, false
	}
	return clean(netip.AddrPortFrom(addr, 0))
}

// ofForwarded is an element of Forwarded (RFC 7239 section 4): its parameter "for", a
// node (section 6), quoted where it has colons. Names that hide who it is are nobody.
func ofForwarded(element string) (netip.AddrPort, bool) {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if !strings.EqualFold(name, "for") {
			continue
		}
		if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		return ofList(value)
	}
	return netip.AddrPort{}, false
}

func clean(at netip.AddrPort) (netip.AddrPort, bool) {
	addr := at.Addr().Unmap().WithZone("")
	return netip.AddrPortFrom(addr, at.Port()), !addr.IsUnspecified()
}
