package e2e

import (
	"net"
	"sync"
	"syscall"
	"testing"
	"time"
)

// silentPeers is how many connections say nothing, as far as the test may open
// so many.
const silentPeers = 10_000

// TestSilentPeers: ten thousand connections that say nothing.
func TestSilentPeers(t *testing.T) {
	g := start(t)
	decent := g.decent(t, "live/decent")
	conns := dialMany(t, g.rtmp, silentPeers)
	most := g.rss()
	// Some of the time the server gives a handshake.
	_ = poll(t.Context(), 3*time.Second, func() bool { most = max(most, g.rss()); return false })
	t.Logf("RSS at most %d MiB, %.0f goroutines with %d silent connections", most>>20, g.metric("go_goroutines"), len(conns))
	if most > maxRSS {
		t.Errorf("%d MiB of RSS", most>>20)
	}
	for _, c := range conns {
		c.Close()
	}
	decent.check(t)
	if err := poll(t.Context(), patience, func() bool { return g.metric("go_goroutines") < 200 }); err != nil {
		t.Errorf("%.0f goroutines after they have gone", g.metric("go_goroutines"))
	}
	g.publish(toneClip, "live/afterwards")
	g.waitLive("live/afterwards")
}

// dialMany opens connections, as many as asked or as the system lets us.
func dialMany(t *testing.T, to string, n int) []net.Conn {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	n = min(n, int(limit.Cur)-500)
	var mu sync.Mutex
	var conns []net.Conn
	t.Cleanup(func() {
		for _, c := range conns {
			c.Close() // most are closed already
		}
	})
	var work sync.WaitGroup
	next := make(chan struct{})
	failed := 0
	for range 16 {
		work.Go(func() {
			for range next {
				c, err := net.DialTimeout("tcp", to, patience)
				mu.Lock()
				if err == nil {
					conns = append(conns, c)
				} else {
					failed++
				}
				mu.Unlock()
			}
		})
	}
	for range n {
		next <- struct{}{}
	}
	close(next)
	work.Wait()
	if failed > 0 {
		t.Logf("%d of %d connections were refused", failed, n)
	}
	return conns
}
