package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"millrace/transmux/access"
)

// guesses is how many wrong logins there are, and guessers from how many connections
// they come at a time.
func guesses() int {
	if strict() {
		return 10_000
	}
	return 2_000
}

const (
	guessers = 8
	// guessHeap is what the heap may be larger for it: one address, and what HTTP
	// connections have.
	guessHeap = 16 << 20
)

// TestGuessing: ten thousand wrong logins a minute from one address, over every
// protocol, are slowed down; who comes from elsewhere does not notice, and memory
// stays what it is.
func TestGuessing(t *testing.T) {
	g := start(t, fmt.Sprintf("MILLRACE_AUTH_USERS={alice: {password: '%s', read: true, play: live/*, publish: live/*}}", access.Hash("user-right")))
	right := credential{user: "alice", password: "user-right"}
	live := holdLive(g, "live/on", right)
	defer live.Close()
	before := g.memory(right)

	offer := offerOf("recvonly", "actpass", mVideo, mAudio)
	tries := []func(c credential) int{
		func(c credential) int { return overHTTP("/metrics#", "")(g, "", c) },
		func(c credential) int { return overHTTP("/api/v1/streams/", "")(g, "live/on", c.shown("query")) },
		func(c credential) int { return overHTTP("/whep/", offer)(g, "live/on", c.shown("bearer")) },
		func(c credential) int {
			return overHTTP("/whip/", offerOf("sendonly", "actpass", mVideo, mAudio))(g, "live/in", c)
		},
		func(c credential) int { return overRTMP("rtmp", "publish", "NetStream.Publish.Start")(g, "live/in", c) },
		func(c credential) int { return overRTMP("rtmp", "play", "NetStream.Play.Start")(g, "live/on", c) },
		func(c credential) int { return overRTSP("rtsp", "DESCRIBE", false)(g, "live/on", c) },
		func(c credential) int { return overRTSP("rtsp", "ANNOUNCE", false)(g, "live/in", c) },
	}
	var mu sync.Mutex
	counts := map[int]int{}
	next := make(chan int)
	var work sync.WaitGroup
	begun := time.Now()
	for range guessers {
		work.Go(func() {
			for i := range next {
				status := tries[i%len(tries)](credential{user: "alice", password: fmt.Sprint("guess", i)})
				mu.Lock()
				counts[status]++
				mu.Unlock()
			}
		})
	}
	elsewhere := g.from(t, "127.0.0.2")
	longest, asked := time.Duration(0), 0
	for i := range guesses() {
		next <- i
		if i%100 == 50 {
			took := elsewhere(right)
			longest, asked = max(longest, took), asked+1
		}
	}
	close(next)
	work.Wait()
	took := time.Since(begun)
	t.Logf("%d wrong logins in %v: %v; %d right ones from elsewhere, the slowest in %v", guesses(), took.Round(time.Millisecond), counts, asked, longest)
	if counts[http.StatusOK] > 0 || counts[http.StatusUnauthorized]+counts[http.StatusTooManyRequests]+counts[http.StatusForbidden] != guesses() {
		t.Errorf("not all were refused: %v", counts)
	}
	if counts[http.StatusTooManyRequests] < guesses()/4 {
		t.Errorf("only %d were slowed down", counts[http.StatusTooManyRequests])
	}
	if strict() && longest > time.Second {
		t.Errorf("somebody else waited %v", longest)
	}
	after := g.memory(right)
	t.Logf("heap %d KiB before, %d KiB after", before>>10, after>>10)
	if after > before+guessHeap {
		t.Errorf("the heap grew from %d to %d KiB", before>>10, after>>10)
	}
	if g.metricAs(t, right, `millrace_access_hashes_total`) > 100 {
		t.Error("guesses were hashed that ought to have been refused before")
	}
}

// from asks for something with a right credential from another address, and says how
// long that took.
func (g *gateway) from(t *testing.T, address string) func(credential) time.Duration {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext:       (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}).DialContext,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return func(c credential) time.Duration {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		begun := time.Now()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url("/api/v1/streams/live/on"), nil)
		if err != nil {
			t.Fatal(err)
		}
		c.show(r)
		response, err := transport.RoundTrip(r)
		if err != nil {
			t.Errorf("somebody else: %v", err)
			return 0
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("somebody else: %s", response.Status)
		}
		return time.Since(begun)
	}
}

// metricAs reads one number of /metrics as somebody who may.
func (g *gateway) metricAs(t *testing.T, c credential, name string) float64 {
	t.Helper()
	_, body := g.as(http.MethodGet, "/metrics", "", c)
	for line := range strings.Lines(string(body)) {
		if number, ok := strings.CutPrefix(line, name+" "); ok {
			value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			if err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	t.Fatalf("/metrics has no %s: %s", name, body)
	return 0
}

// memory is the least heap of some looks, which bring the collector about.
func (g *gateway) memory(c credential) int {
	least := int(g.metricAs(g.t, c, "go_memstats_heap_alloc_bytes"))
	for range 40 {
		least = min(least, int(g.metricAs(g.t, c, "go_memstats_heap_alloc_bytes")))
	}
	return least
}
