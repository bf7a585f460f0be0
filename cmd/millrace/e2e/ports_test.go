package e2e

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// Ports that must be known before somebody listens on them, or be the same when it
// comes back, are below those that the system gives to whoever asks for none in
// particular (from 32768 on, Linux): one of those is soon another's, such as that of
// a connection which has just been made.
const (
	firstPort = 20000
	lastPort  = 32000
)

// given are the ports that a test of this process has.
var given sync.Map

// freeNumber is a port on which nobody listens at any of these addresses, neither
// with TCP nor with UDP, and which no other test is given.
func freeNumber(t *testing.T, addresses ...string) uint16 {
	t.Helper()
	for range 1000 {
		port := uint16(firstPort + rand.IntN(lastPort-firstPort))
		if _, taken := given.LoadOrStore(port, true); !taken && free(port, addresses) {
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

func free(port uint16, addresses []string) bool {
	for _, a := range addresses {
		at := netip.AddrPortFrom(netip.MustParseAddr(a), port)
		stream, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
		if err != nil {
			return false
		}
		_ = stream.Close()
		packets, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if err != nil {
			return false
		}
		_ = packets.Close()
	}
	return true
}

// freePort is such a port of one address, with that.
func freePort(t *testing.T, address string) string {
	t.Helper()
	return netip.AddrPortFrom(netip.MustParseAddr(address), freeNumber(t, address)).String()
}
