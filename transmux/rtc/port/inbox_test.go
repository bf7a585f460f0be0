package port

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"testing"
)

// TestInbox: what waits at the socket comes in one system call, whole, and with the
// addresses of those who sent it.
func TestInbox(t *testing.T) {
	const datagrams = 20
	for network, addresses := range map[string][2]string{
		"udp4": {"127.0.0.1:0", "127.0.0.2"}, "udp6": {"[::1]:0", "::1"}, "udp": {":0", "127.0.0.1"},
	} {
		t.Run(network, func(t *testing.T) {
			p, err := Listen(Config{Address: addresses[0]}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			target := p.Addr()
			if target.Addr().IsUnspecified() {
				target = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), target.Port())
			}
			source := netip.AddrPortFrom(netip.MustParseAddr(addresses[1]), 0)
			var senders [2]*net.UDPConn
			for i := range senders {
				if senders[i], err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(source)); err != nil {
					t.Fatal(err)
				}
				defer senders[i].Close()
			}
			for i := range datagrams { // the loopback has delivered them when this is done
				data := bytes.Repeat([]byte{byte(i)}, 1+90*i)
				if _, err := senders[i%2].WriteToUDPAddrPort(data, target); err != nil {
					t.Fatal(err)
				}
			}
			in := newInbox(p)
			calls, next := 0, 0
			for next < datagrams {
				n, err := in.wait()
				if err != nil {
					t.Fatal(err)
				}
				calls++
				for i := range n {
					data, from, oob := in.datagram(i)
					if want := bytes.Repeat([]byte{byte(next)}, 1+90*next); !bytes.Equal(data, want) {
						t.Fatalf("datagram %d: %d bytes, or others", next, len(data))
					}
					want := senders[next%2].LocalAddr().(*net.UDPAddr).AddrPort()
					if from != netip.AddrPortFrom(want.Addr().Unmap(), want.Port()) {
						t.Errorf("datagram %d: from %v, want %v", next, from, want)
					}
					if p.wildcard() && localOf(oob) != target.Addr() {
						t.Errorf("datagram %d: it was sent to %v, not %v", next, target.Addr(), localOf(oob))
					}
					next++
				}
			}
			if !in.alone() && calls != 1 {
				t.Errorf("%d system calls for %d datagrams", calls, datagrams)
			}
			_ = p.Close()
			if _, err := in.wait(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("of a closed socket: %v", err)
			}
		})
	}
}
