package peer

import (
	"net/netip"

	"github.com/pion/webrtc/v3"
)

// networks are what ICE may use.
func networks(o *Options) []webrtc.NetworkType {
	switch {
	case o.TCP:
		return []webrtc.NetworkType{webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6}
	case isIPv6(o.Listen):
		return []webrtc.NetworkType{webrtc.NetworkTypeUDP6}
	default:
		return []webrtc.NetworkType{webrtc.NetworkTypeUDP4}
	}
}

func isIPv6(address string) bool {
	at, err := netip.ParseAddrPort(address)
	return err == nil && at.Addr().Is6()
}
