package assign

import (
	"cmp"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

const (
	// regionHeader and regionQuery are the client's own hint, or that of a
	// balancer in front that knows.
	regionHeader = "X-Region"
	regionQuery  = "region"
	// maxRegions bounds the table; it is searched line by line.
	maxRegions = 4096
	// maxRegion is how long a region's name may be.
	maxRegion = 64
)

// Network is a line of the address table.
type Network struct {
	Prefix netip.Prefix
	Region string
}

// ParseNetworks reads lines "10.0.0.0/8=eu", the most exact first.
func ParseNetworks(lines []string) ([]Network, error) {
	if len(lines) > maxRegions {
		return nil, fmt.Errorf("more than %d networks", maxRegions)
	}
	var table []Network
	for _, l := range lines {
		address, region, ok := strings.Cut(l, "=")
		region = strings.TrimSpace(region)
		prefix, err := netip.ParsePrefix(strings.TrimSpace(address))
		if !ok || err != nil || region == "" || len(region) > maxRegion {
			return nil, fmt.Errorf(`%q is no network and its region: write "192.0.2.0/24=eu"`, l)
		}
		table = append(table, Network{prefix.Masked(), region})
	}
	slices.SortStableFunc(table, func(a, b Network) int { return cmp.Compare(b.Prefix.Bits(), a.Prefix.Bits()) })
	return table, nil
}

// regionOf is where a client is: what it says itself, or what its address says.
func regionOf(r *http.Request, table []Network) string {
	hint := r.Header.Get(regionHeader)
	if hint == "" {
		hint = r.URL.Query().Get(regionQuery)
	}
	if hint != "" && len(hint) <= maxRegion {
		return hint
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	for _, n := range table {
		if n.Prefix.Contains(peer.Addr().Unmap()) {
			return n.Region
		}
	}
	return ""
}
