package doctor

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"millrace/api/diagnosis"
	"millrace/cmd/millrace/config"
	"millrace/transmux/rtc/port"
)

// checkNetwork is about the addresses that viewers are told, and names that are
// looked up.
func checkNetwork(ctx context.Context, cfg *config.Config, log *slog.Logger) []diagnosis.Check {
	checks := []diagnosis.Check{}
	if cfg.WebRTC.Address != "" {
		addrs, err := candidatesOf(cfg, log)
		checks = append(checks, judgeCandidates(addrs, err, len(cfg.WebRTC.PublicIPs) > 0, InContainer()))
	}
	for _, host := range hostNames(cfg) {
		checks = append(checks, checkName(ctx, host, net.DefaultResolver.LookupHost))
	}
	return checks
}

// candidatesOf are the addresses that an answer to a viewer elsewhere would name.
func candidatesOf(cfg *config.Config, log *slog.Logger) ([]netip.Addr, error) {
	host, _, err := net.SplitHostPort(cfg.WebRTC.Address)
	if err != nil {
		return nil, err
	}
	// The port itself may be taken, and does not matter.
	p, err := port.Listen(port.Config{Address: net.JoinHostPort(host, "0"), Public: cfg.WebRTC.PublicIPs}, log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Close() }()
	var addrs []netip.Addr
	for _, c := range p.Candidates(netip.Addr{}) {
		addrs = append(addrs, c.Addr.Addr())
	}
	return addrs, nil
}

func judgeCandidates(addrs []netip.Addr, err error, configured, container bool) diagnosis.Check {
	c := diagnosis.Check{ID: "addresses", Area: areaNetwork, Verdict: diagnosis.OK, Title: "Addresses that viewers are told"}
	if err != nil {
		c.Verdict, c.Code, c.Seen = diagnosis.Bad, "addresses", err.Error()
		c.Remedy = "Set webrtc.address to an address of this machine, or to none (\":8000\") for all of them."
		return c
	}
	const public = "If viewers come from the internet: set webrtc.public_ips to this machine's outer address, and pass UDP and TCP of webrtc.address on to it."
	var each []string
	reach := map[diagnosis.Reach]bool{}
	allContainer := len(addrs) > 0
	for _, a := range addrs {
		r := diagnosis.ReachOf(a)
		reach[r] = true
		each = append(each, fmt.Sprintf("%s (from %s)", a, r))
		allContainer = allContainer && diagnosis.LikeContainer(a)
	}
	c.Seen = strings.Join(each, ", ") + "."
	switch {
	case container && allContainer && !configured:
		c.Verdict, c.Code = diagnosis.Warning, "addresses_container"
		c.Why = "They are a container's own, which nobody outside this machine can reach."
		c.Remedy = "Set webrtc.public_ips to the host's address and publish the port for both (-p 8000:8000/udp -p 8000:8000/tcp), or use the host's network."
	case !reach[diagnosis.FromAnywhere] && !reach[diagnosis.FromInside]:
		c.Verdict, c.Code = diagnosis.Warning, "addresses_loopback"
		c.Why, c.Remedy = "Only browsers on this machine can watch.", "Set webrtc.address to \":8000\". "+public
	case !reach[diagnosis.FromAnywhere]:
		c.Why = "Viewers in the same network can watch; from the internet nobody can."
		c.Remedy = public
		c.Seen += " None is of the internet."
	}
	return c
}

// hostNames are the names in the configuration that have to be looked up.
func hostNames(c *config.Config) []string {
	var hosts []string
	add := func(host string) {
		if _, err := netip.ParseAddr(host); host != "" && err != nil && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	addURL := func(text string) {
		if u, err := url.Parse(text); err == nil {
			add(u.Hostname())
		}
	}
	for _, host := range slices.Concat(c.WebRTC.PublicIPs, c.HTTPS.Domains) {
		add(host)
	}
	for _, s := range c.WebRTC.ICEServers {
		_, rest, _ := strings.Cut(s.URL, ":")
		rest, _, _ = strings.Cut(rest, "?")
		if host, _, err := net.SplitHostPort(rest); err == nil {
			rest = host
		}
		add(rest)
	}
	for i := range c.Sources {
		if u := c.Sources[i].URL; u != nil {
			add(u.Hostname())
		}
	}
	addURL(c.Cluster.Advertise)
	for _, peer := range nodePeers(c) {
		if host, _, err := net.SplitHostPort(peer); err == nil {
			add(host)
		}
	}
	return hosts
}

// checkName looks a name up as the gateway would.
func checkName(ctx context.Context, host string, lookup func(context.Context, string) ([]string, error)) diagnosis.Check {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	c := diagnosis.Check{ID: "name", Area: areaNetwork, Verdict: diagnosis.OK, Title: "The name " + host}
	addrs, err := lookup(ctx, host)
	if err != nil || len(addrs) == 0 {
		c.Verdict, c.Code, c.Seen = diagnosis.Bad, "name", "It has no address."
		if err != nil {
			c.Seen = err.Error() + "."
		}
		c.Why = "The configuration has it."
		c.Remedy = "Correct its spelling, or its entry in the DNS; see /etc/resolv.conf for who is asked."
		return c
	}
	c.Seen = strings.Join(addrs, ", ") + "."
	return c
}

// InContainer says whether this process runs in one, by what Docker and Podman leave
// there.
func InContainer() bool {
	return slices.ContainsFunc([]string{"/.dockerenv", "/run/.containerenv"}, func(file string) bool {
		_, err := os.Stat(file)
		return err == nil
	})
}
