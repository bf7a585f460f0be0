package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"millrace/transmux/rtc/peer"
)

// What is promised of a frame's way through the gateway, from its last byte
// received over RTMP to its last packet at the viewer.
const (
	addedMedian = 600 * time.Microsecond
	addedWorst  = 2 * time.Millisecond // 99 %
	latencyRun  = 10 * time.Second
)

// numberUUID marks our user data (H.264 annex D.1.7). No byte of it or behind it
// is zero, so that it needs no emulation prevention.
var numberUUID = []byte("millrace-e2e-num")

// numbered puts an SEI unit with the picture's number in front of its slices.
func numbered(body []byte, number int) []byte {
	text := fmt.Sprintf("%08d", number)
	sei := append([]byte{6, 5, byte(len(numberUUID) + len(text))}, numberUUID...)
	sei = append(append(sei, text...), 0x80)
	out := bytes.Clone(body[:5])
	done := false
	for _, u := range avcc(body[5:]) {
		if !done && isSlice(u) {
			out = append(binary.BigEndian.AppendUint32(out, uint32(len(sei))), sei...)
			done = true
		}
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(u))), u...)
	}
	return out
}

// numberOf finds the number again.
func numberOf(units [][]byte) (int, bool) {
	for _, u := range units {
		if u[0]&0x1F != 6 {
			continue
		}
		if at := bytes.Index(u, numberUUID); at >= 0 && len(u) >= at+len(numberUUID)+8 {
			n, err := strconv.Atoi(string(u[at+len(numberUUID):][:8]))
			return n, err == nil
		}
	}
	return 0, false
}

// numberer publishes a clip whose pictures are numbered, and notes when each was
// about to be written to the socket: a little before its last byte is received.
type numberer struct {
	mu   sync.Mutex
	sent []time.Time // by number; guarded by mu
}

func (n *numberer) each(g *tag, at time.Time) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	body := numbered(g.body, len(n.sent))
	n.sent = append(n.sent, at)
	return body
}

// TestAddedLatency: every picture's way through the gateway, by its number.
func TestAddedLatency(t *testing.T) {
	g := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c, err := dialRTMP(ctx, g.rtmp)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.publish("live/latency"); err != nil {
		t.Fatal(err)
	}
	n := &numberer{}
	played := make(chan error, 1)
	go func() { played <- c.play(ctx, readClip(t, zeroLatency), 0, n.each) }()
	g.waitLive("live/latency")

	r := g.watch(ctx, "live/latency")
	if err := r.WaitKeyframe(withDeadline(t, patience)); err != nil {
		t.Fatal(err)
	}
	joined := time.Now().Add(time.Second) // the cached GOP is old, and no measure
	pass(t, latencyRun)
	r.leave(t)
	cancel()
	if err := <-played; err != nil {
		t.Errorf("the publisher: %v", err)
	}
	c.Close()
	<-c.gone
	r.flawless(t)
	added := n.compare(t, r.video(), joined)
	if len(added) < int(latencyRun/time.Second)*20 {
		t.Fatalf("only %d pictures", len(added))
	}
	t.Logf("added latency over %d pictures: median %v, 99 %% %v, worst %v", len(added), quantile(added, .5), quantile(added, .99), quantile(added, 1))
	atMost(t, "median added latency", quantile(added, .5), addedMedian)
	if strict() { // a busy machine has its own idea of the hundredth frame
		atMost(t, "added latency, 99 %", quantile(added, .99), addedWorst)
	}
}

// compare wants every number from the first on, and gives the live ones' times.
func (n *numberer) compare(t *testing.T, units []peer.AccessUnit, from time.Time) (added []time.Duration) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	next := -1
	for i, u := range units {
		number, ok := numberOf(u.NALUs)
		if !ok {
			t.Fatalf("picture %d came without its number: %s", i, describe(u))
		}
		if next >= 0 && number != next {
			t.Errorf("picture number %d came, wanted %d", number, next)
		}
		next = number + 1
		if n.sent[number].After(from) {
			added = append(added, u.Last.Sub(n.sent[number]))
		}
	}
	return added
}
