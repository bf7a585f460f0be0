package whep

import (
	"context"
	"net"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/peer"
	"millrace/transmux/rtc/port"
)

func overTCP(o *peer.Options) { o.TCP = true }

func overIPv6(o *peer.Options) { o.Listen = "[::1]:0" }

// TestEveryNetwork watches over what there is beside UDP and IPv4.
func TestEveryNetwork(t *testing.T) {
	named := func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.9")}, nil
	}
	for name, test := range map[string]struct {
		at     port.Config
		change func(*peer.Options)
	}{
		"TCP":                         {port.Config{Address: "127.0.0.1:0"}, overTCP},
		"TCP over IPv6":               {port.Config{Address: "[::1]:0"}, overTCP},
		"TCP, listening everywhere":   {port.Config{Address: ":0"}, overTCP},
		"IPv6":                        {port.Config{Address: "[::1]:0"}, overIPv6},
		"IPv6, listening everywhere":  {port.Config{Address: ":0"}, overIPv6},
		"IPv4, listening everywhere":  {port.Config{Address: ":0"}, nil},
		"IPv4, listening there alone": {port.Config{Address: "0.0.0.0:0"}, nil},
		"behind NAT":                  {port.Config{Address: ":0", Public: []string{"127.0.0.9"}}, nil},
		"behind NAT, TCP":             {port.Config{Address: ":0", Public: []string{"127.0.0.9"}}, overTCP},
		"behind NAT, by name":         {port.Config{Address: ":0", Public: []string{"live.example"}, Lookup: named}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.at.TCP = true
			h := newHouseAt(t, test.at, bus.Config{})
			if strings.Contains(name, "IPv6") {
				h.moveToIPv6(t)
			}
			pictures, _ := h.broadcast(t, clean, 0)
			await(t, func() bool { return pictures.Load() > 20 })
			var r recorder
			v := h.watch(t, &r, test.change)
			await(t, func() bool { return len(r.all()) > 60 })
			r.check(t)
			if s := v.Stats(av.Video); s.Lost+s.Backward+s.Duplicates > 0 {
				t.Errorf("packets: %+v", s)
			}
			if behind := strings.Contains(v.Answer(), " 127.0.0.9 "); behind != strings.Contains(name, "NAT") {
				t.Errorf("the answer is\n%s", v.Answer())
			}
			if s := h.port.Stats(); (s.TCPPackets > 50) != strings.Contains(name, "TCP") {
				t.Errorf("it went another way: %+v", s)
			}
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}
			await(t, func() bool { return h.port.Stats().Connections == 0 })
			if s := h.port.Stats(); s.Queued != 0 {
				t.Errorf("%d bytes wait for nobody", s.Queued)
			}
		})
	}
}

// moveToIPv6 makes the house's pages come over IPv6, as for a viewer that has
// nothing else.
func (h *house) moveToIPv6(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h.site)
	_ = server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
	h.url = server.URL + Path
}
