package turn

import (
	"net/netip"
	"strings"
	"testing"
)

// TestWay: of a peer that comes through a relay it is known where it is itself, by
// either transport and to whatever address of the gateway, as long as the relay is
// there, and by its Way as long as it is asked about the same.
func TestWay(t *testing.T) {
	gateway := listenEcho(t, "127.0.0.1:0")
	room := start(t, Config{}, gateway)
	var ways []*Way
	var froms []netip.AddrPort
	for _, way := range room.Open("session", "127.0.0.1") {
		relay := mustAllocate(t, way)
		exchange(t, relay, gateway.Addr(), "to and fro")
		var from netip.AddrPort
		room.mu.Lock()
		for at, one := range room.legs {
			if one.nominal.String() == relay.LocalAddr().String() {
				from = at
			}
		}
		room.mu.Unlock()
		mapped := netip.AddrPortFrom(netip.AddrFrom16(from.Addr().As16()), from.Port())
		for _, at := range []netip.AddrPort{from, mapped} {
			w := &Way{Relays: room}
			transport, client := w.Of("udp", at)
			if transport != Relayed || !client.Addr().IsLoopback() || client.Port() == from.Port() {
				t.Errorf("%s: %v comes by %q from %v", way.URL, at, transport, client)
			}
			ways, froms = append(ways, w), append(froms, at)
		}
	}
	for _, from := range []string{gateway.Addr().String(), "192.0.2.1:5", "[2001:db8::1%eth0]:5"} {
		at := netip.MustParseAddrPort(from)
		if transport, client := ways[0].Of("udp", at); transport != "udp" || client != at {
			t.Errorf("%v comes by %q from %v", at, transport, client)
		}
	}
	if transport, at := new(Way).Of("tcp", froms[0]); transport != "tcp" || at != froms[0] {
		t.Errorf("without relays it comes by %q from %v", transport, at)
	}
	if transport, at := ways[0].Of("", netip.AddrPort{}); transport != "" || at.IsValid() {
		t.Errorf("nobody comes by %q from %v", transport, at)
	}
	room.End("session")
	until(t, "no leg is left", func() bool { room.mu.Lock(); defer room.mu.Unlock(); return len(room.legs) == 0 })
	for i, w := range ways {
		if transport, client := w.Of("udp", froms[i]); transport != Relayed || !strings.HasPrefix(client.String(), "127.0.0.1:") {
			t.Errorf("afterwards %v came by %q from %v", froms[i], transport, client)
		}
		if transport, _ := (&Way{Relays: room}).Of("udp", froms[i]); transport != "udp" {
			t.Errorf("another one at %v comes by %q", froms[i], transport)
		}
	}
}
