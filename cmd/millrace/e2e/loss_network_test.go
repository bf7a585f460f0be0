package e2e

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"millrace/cmd/millrace/e2e/impair"
	"millrace/transmux/av"
	"millrace/transmux/rtc/peer"
)

// proxyAddress is what the gateway names in its candidates where the bad network
// stands before it, on its own port's number.
const proxyAddress = "127.0.0.2"

// startBehind starts a gateway that is reached over a bad network, which does
// nothing bad yet.
func startBehind(t *testing.T, seed uint64) (*gateway, *impair.Proxy) {
	t.Helper()
	g := start(t, "MILLRACE_WEBRTC_PUBLIC_IPS="+proxyAddress)
	at, err := netip.ParseAddrPort(g.webrtc)
	if err != nil {
		t.Fatal(err)
	}
	network, err := impair.Listen(fmt.Sprintf("%s:%d", proxyAddress, at.Port()), at, seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	})
	return g, network
}

// roundTrip sets both directions to half of it each, and to what is given besides.
func roundTrip(network *impair.Proxy, rtt time.Duration, toClients, toServer impair.Settings) {
	toClients.Delay += rtt / 2
	toServer.Delay += rtt / 2
	network.ToClients(toClients)
	network.ToServer(toServer)
}

// screen is a viewer that recovers what got lost, and notes when what came.
type screen struct {
	*peer.Viewer
	mu      sync.Mutex
	packets []came // guarded by mu
}

// came is one video packet.
type came struct {
	number    uint16
	timestamp uint32
	marker    bool
	at        time.Time
}

func (g *gateway) screen(name string) *screen {
	g.t.Helper()
	s := &screen{}
	o := g.options()
	o.Recover = true
	o.OnPacket = func(p peer.Packet) {
		if p.Kind != av.Video {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.packets = append(s.packets, came{p.RTP.SequenceNumber, p.RTP.Timestamp, p.RTP.Marker, p.Arrived})
	}
	v, err := peer.Watch(withDeadline(g.t, patience), g.whep(name), o)
	if err != nil {
		g.t.Fatal(err)
	}
	s.Viewer = v
	g.t.Cleanup(func() {
		if err := v.Close(); err != nil {
			g.t.Error(err)
		}
	})
	return s
}

// picture is one frame as a player sees it.
type picture struct {
	timestamp uint32
	whole     bool
	// shown is when it and everything before it were there: a decoder takes
	// pictures in order.
	shown time.Time
}

// pictures puts together what came, in the order of the numbers.
func (s *screen) pictures() []picture {
	s.mu.Lock()
	packets := slices.Clone(s.packets)
	s.mu.Unlock()
	if len(packets) == 0 {
		return nil
	}
	// Numbers as offsets from the first that came; reordering may put some below it.
	place := map[int]came{}
	at, lowest, highest := 0, 0, 0
	for i, p := range packets {
		if i > 0 {
			at += int(int16(p.number - packets[i-1].number))
		}
		if _, twice := place[at]; !twice {
			place[at] = p
		}
		lowest, highest = min(lowest, at), max(highest, at)
	}
	var all []picture
	var now picture
	var shown time.Time
	open, whole := false, true
	for n := lowest; n <= highest; n++ {
		p, there := place[n]
		if !there {
			whole = false
			continue
		}
		if open && p.timestamp != now.timestamp { // its end is missing
			now.whole = false
			all = append(all, now)
			open = false
		}
		if !open {
			now, open = picture{timestamp: p.timestamp}, true
		}
		if p.at.After(shown) {
			shown = p.at
		}
		if p.marker {
			now.whole, now.shown = whole, shown
			all = append(all, now)
			open, whole = false, true
		}
	}
	return all
}
