package diagnosis

import (
	"fmt"
	"net/netip"
	"strings"
)

// Reach is from where an address can be reached.
type Reach string

// The reaches.
const (
	FromHere     Reach = "this machine only"
	FromInside   Reach = "its own network only"
	FromAnywhere Reach = "anywhere"
)

// carrierGrade is what providers give their customers behind a NAT of theirs (RFC
// 6598).
var carrierGrade = netip.MustParsePrefix("100.64.0.0/10")

// containers are the networks that Docker, Podman and flannel make where nobody
// tells them otherwise: nothing outside the machine can reach them.
var containers = []netip.Prefix{
	netip.MustParsePrefix("172.17.0.0/16"), netip.MustParsePrefix("172.18.0.0/15"), netip.MustParsePrefix("172.20.0.0/14"),
	netip.MustParsePrefix("10.88.0.0/16"), netip.MustParsePrefix("10.244.0.0/16"),
}

// ReachOf says from where the address can be reached.
func ReachOf(a netip.Addr) Reach {
	a = a.Unmap()
	switch {
	case a.IsLoopback():
		return FromHere
	case a.IsPrivate() || a.IsLinkLocalUnicast() || carrierGrade.Contains(a):
		return FromInside
	default:
		return FromAnywhere
	}
}

// LikeContainer says whether the address looks like one of a container's network.
func LikeContainer(a netip.Addr) bool {
	for _, p := range containers {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// Reaches says which of them there are among the addresses.
func Reaches(addrs []netip.AddrPort) map[Reach]bool {
	found := map[Reach]bool{}
	for _, a := range addrs {
		found[ReachOf(a.Addr())] = true
	}
	return found
}

const (
	whyAddresses = "A browser sends its packets to the addresses that the gateway's answer names. If none of them leads here from where it is, there is no picture."
	setPublic    = "Set webrtc.public_ips to the address that viewers reach this machine by"
)

// addresses is about what an answer to the caller would name.
func (f *Facts) addresses() Check {
	c := Check{ID: "addresses", Area: Network, Verdict: OK, Title: "Answers name addresses that fit this viewer's network", Why: whyAddresses}
	t := f.Transport
	if t == nil {
		c.Verdict, c.Code, c.Title, c.Seen = Bad, "webrtc_off", "WebRTC is switched off", "webrtc.address is empty."
		c.Why, c.Remedy = "Browsers watch over WebRTC.", `Set webrtc.address, for example to ":8000".`
		return c
	}
	reach := Reaches(t.UDP)
	from := ReachOf(f.Caller.Address)
	known := f.Caller.Address.IsValid() && !f.Caller.Proxied
	c.Seen = f.named()
	open := fmt.Sprintf(", and open UDP and TCP port %d to it in every firewall and NAT on the way.", f.Ports.WebRTC)
	host, err := netip.ParseAddr(f.Caller.Host)
	switch {
	case !reach[FromAnywhere] && !reach[FromInside] && known && from != FromHere:
		c.Verdict, c.Code, c.Title = Bad, "addresses_loopback", "Answers name this machine's loopback only"
		c.Remedy = `Set webrtc.address to ":8000" so that it listens on the network, or ` + lower(setPublic) + open
	case !reach[FromAnywhere] && known && from == FromAnywhere:
		c.Verdict, c.Code, c.Title = Bad, "addresses_private", "Answers name private addresses only, and you come from the internet"
		c.Remedy = setPublic + open
		if err == nil && ReachOf(host) == FromAnywhere {
			c.Remedy = fmt.Sprintf("Set webrtc.public_ips to %s, by which you reached it%s", host, open)
		}
		if t.Container {
			c.Remedy += " In a container: publish the port for both (-p 8000:8000/udp -p 8000:8000/tcp), or use the host's network."
		}
	case err == nil && known && from != FromHere && !names(t.UDP, host):
		c.Verdict, c.Code, c.Title = Warning, "addresses_other", "Answers do not name the address that you reached it by"
		c.Remedy = fmt.Sprintf("If the named ones do not lead here: set webrtc.public_ips to %s%s", host, open)
	case t.Container && !t.Configured && allContainer(t.UDP):
		c.Verdict, c.Code, c.Title = Warning, "addresses_container", "Answers name a container's own address"
		c.Remedy = setPublic + ", and publish the port for both (-p 8000:8000/udp -p 8000:8000/tcp), or use the host's network."
	case !known:
		c.Verdict, c.Title = Unknown, "Which addresses answers name"
		c.Seen = sentences(c.Seen, "The request came through a proxy, so the viewer's own address is not known; http.trusted_proxies says which proxies are believed.")
	}
	return c
}

// named lists the addresses, and who asks.
func (f *Facts) named() string {
	each := []string{}
	for _, a := range f.Transport.UDP {
		each = append(each, fmt.Sprintf("%s (from %s)", a, ReachOf(a.Addr())))
	}
	by := "found from the interfaces"
	if f.Transport.Configured {
		by = "by webrtc.public_ips"
	}
	you := ""
	if f.Caller.Address.IsValid() {
		you = fmt.Sprintf("The gateway sees you at %s.", f.Caller.Address)
	}
	return sentences(fmt.Sprintf("Named: %s; %s.", strings.Join(each, ", "), by), you)
}

func names(addrs []netip.AddrPort, a netip.Addr) bool {
	for _, at := range addrs {
		if at.Addr().Unmap() == a.Unmap() {
			return true
		}
	}
	return false
}

func allContainer(addrs []netip.AddrPort) bool {
	for _, a := range addrs {
		if !LikeContainer(a.Addr()) {
			return false
		}
	}
	return len(addrs) > 0
}

// fallback is about networks that let no UDP through.
func (f *Facts) fallback() Check {
	c := Check{ID: "tcp_fallback", Area: Network, Verdict: OK, Title: "There is a way without UDP", Why: "Some company and hotel networks let no UDP out."}
	switch t := f.Transport; {
	case t == nil:
		c.Verdict, c.Title, c.Seen = Unknown, "A way without UDP", "WebRTC is switched off."
	case len(t.TCP) > 0 && t.Relay:
		c.Seen = fmt.Sprintf("TCP on port %d, and a TURN server that clients are told of.", f.Ports.WebRTC)
	case len(t.TCP) > 0:
		c.Seen = fmt.Sprintf("TCP on port %d.", f.Ports.WebRTC)
	case t.Relay:
		c.Seen = "A TURN server that clients are told of."
	default:
		c.Verdict, c.Code, c.Title = Warning, "no_tcp", "There is no way without UDP"
		c.Seen, c.Remedy = "webrtc.tcp is false, and there is no TURN server.", "Set webrtc.tcp to true."
	}
	return c
}

// secure is about publishing from a browser.
func (f *Facts) secure() Check {
	c := Check{
		ID: "secure", Area: Network, Verdict: OK, Title: "The page is secure", Seen: "This page came over HTTPS.",
		Why: "Browsers give camera, microphone and screen to secure pages only: HTTPS, or http://localhost. Watching works without.",
	}
	local := f.Caller.Host == "localhost"
	if a, err := netip.ParseAddr(f.Caller.Host); err == nil {
		local = a.IsLoopback()
	}
	switch {
	case f.Caller.Secure:
	case local:
		c.Seen = "It came over plain HTTP from this machine itself, which browsers trust."
	default:
		c.Title, c.Seen = "Watching works over plain HTTP, publishing from a browser does not", "This page came over plain HTTP."
		c.Remedy = "To publish from a browser: serve HTTPS, see docs/https.md, or open the page as http://localhost on the gateway's machine."
		if f.Snapshot == nil {
			c.Verdict, c.Code = Warning, "insecure"
		}
	}
	return c
}

// connecting is about viewers whose packets never came.
func (f *Facts) connecting() Check {
	c := Check{
		ID: "connecting", Area: Network, Verdict: OK, Title: "Viewers' packets come through",
		Seen: fmt.Sprintf("In the last %s %d sessions connected and %d did not.", span(recentFor), f.Connected, f.Unreachable.Count),
	}
	switch {
	case f.Connected == 0 && f.Unreachable.Count == 0:
		c.Verdict, c.Title, c.Seen = Unknown, "Whether viewers' packets come through", fmt.Sprintf("Nobody has tried in the last %s.", span(recentFor))
	case f.Unreachable.Count > 0:
		c.Code, c.Verdict, c.Title = "unreachable", Warning, "Some viewers got an answer and their packets never came"
		if f.Connected == 0 {
			c.Verdict, c.Title = Bad, "Viewers get an answer and their packets never come"
		}
		c.Why = "Their request arrived over HTTP, and no connectivity check did over UDP or TCP: a firewall or NAT is in the way, or the addresses that answers name are wrong."
		c.Remedy = fmt.Sprintf("Open UDP and TCP port %d to this machine in the firewall, the cloud's security group and the router's port forwarding; "+
			"behind NAT set webrtc.public_ips to the outer address. For networks without either: a TURN server, see docs/turn.md.", f.Ports.WebRTC)
	}
	return c
}
