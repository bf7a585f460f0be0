package whep

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/peer"
)

// translator is a NAT for one client: what the client sends leaves from an
// address of the NAT's, which it may forget for another one.
type translator struct {
	inside *net.UDPConn
	server *net.UDPAddr
	work   sync.WaitGroup

	mu      sync.Mutex
	client  *net.UDPAddr
	outside *net.UDPConn
}

func newTranslator(t *testing.T, server netip.AddrPort) *translator {
	t.Helper()
	inside, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(loopback)))
	if err != nil {
		t.Fatal(err)
	}
	_ = inside.SetReadBuffer(4 << 20)
	n := &translator{inside: inside, server: net.UDPAddrFromAddrPort(server)}
	n.rebind(t)
	n.work.Go(n.carry)
	t.Cleanup(func() {
		_ = inside.Close()
		_ = n.outside.Close()
		n.work.Wait()
	})
	return n
}

// rebind gives the client another address; nothing comes to the old one any more.
func (n *translator) rebind(t *testing.T) {
	t.Helper()
	outside, err := net.DialUDP("udp", nil, n.server)
	if err != nil {
		t.Fatal(err)
	}
	_ = outside.SetReadBuffer(4 << 20)
	n.mu.Lock()
	old := n.outside
	n.outside = outside
	n.mu.Unlock()
	if old != nil {
		_ = old.Close()
	}
	n.work.Go(func() {
		buf := make([]byte, 2048)
		for {
			k, err := outside.Read(buf)
			if err != nil {
				return
			}
			n.mu.Lock()
			client := n.client
			n.mu.Unlock()
			_, _ = n.inside.WriteToUDP(buf[:k], client)
		}
	})
}

func (n *translator) carry() {
	buf := make([]byte, 2048)
	for {
		k, from, err := n.inside.ReadFromUDP(buf)
		if err != nil {
			return
		}
		n.mu.Lock()
		n.client = from
		outside := n.outside
		n.mu.Unlock()
		_, _ = outside.Write(buf[:k])
	}
}

// TestANATThatForgets gives a watching viewer another address, of which the
// viewer knows nothing and so does not tell: it goes on watching.
func TestANATThatForgets(t *testing.T) {
	h := newHouse(t, bus.Config{})
	newest := h.broadcastNumbered(t)
	await(t, func() bool { return newest.Load() > 5 })
	n := newTranslator(t, h.port.Addr())
	var r recorder
	v := h.watch(t, &r, func(o *peer.Options) {
		o.Client = &http.Client{Transport: avtest.Detour{From: h.port.Addr(), To: n.inside.LocalAddr().(*net.UDPAddr).AddrPort()}}
	})
	await(t, func() bool { return len(r.all()) > 20 })
	n.rebind(t)
	before := len(r.all())
	begun := time.Now()
	await(t, func() bool { return len(r.all()) > before+20 })
	t.Logf("it watched on after %v", time.Since(begun))
	if v.Err() != nil {
		t.Errorf("its session ended: %v", v.Err())
	}
	// The client checks every two seconds, and the old path has one to answer.
	if s := v.Stats(av.Video); s.LongestSilence > 7*time.Second {
		t.Errorf("nothing came for %v", s.LongestSilence)
	}
}
