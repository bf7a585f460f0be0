package whep

import (
	"net"
	"net/http/httptest"
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
	for name, test := range map[string]struct {
		at     string
		change func(*peer.Options)
	}{
		"TCP":                         {"127.0.0.1:0", overTCP},
		"TCP over IPv6":               {"[::1]:0", overTCP},
		"TCP, listening everywhere":   {":0", overTCP},
		"IPv6":                        {"[::1]:0", overIPv6},
		"IPv6, listening everywhere":  {":0", overIPv6},
		"IPv4, listening everywhere":  {":0", nil},
		"IPv4, listening there alone": {"0.0.0.0:0", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouseAt(t, port.Config{Address: test.at, TCP: true}, bus.Config{})
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
