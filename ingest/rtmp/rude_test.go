package rtmp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"testing"
	"time"
)

const (
	// silentPeers connect and say nothing. The acceptance test of the whole
	// gateway uses 10 000.
	silentPeers = 2_000
	// heapBound is how much the heap may grow under any rude peer here, both
	// ends of the connections and the well-behaved publisher included.
	heapBound = 48 << 20
)

// beside publishes a clip well-behavedly for the length of the test. The
// returned function waits for its end and fails the test if the bus has not got
// every frame.
func (h *harness) beside() (check func()) {
	h.t.Helper()
	b := cut(clip(h.t), 1500*time.Millisecond)
	parsed, err := parseClip(b)
	if err != nil {
		h.t.Fatal(err)
	}
	want := uint64(0)
	for _, t := range parsed.tags {
		if !t.config && t.kind != typeDataAMF0 {
			want++
		}
	}
	const name = "live/good"
	done := make(chan error, 1)
	go func() {
		done <- Publish(context.Background(), "rtmp://"+h.addr+"/"+name, b, PublishOptions{Loops: 1})
	}()
	h.live(name)
	viewer, err := h.hub.Subscribe(h.t.Context(), name) // so that the stream lingers
	if err != nil {
		h.t.Fatal(err)
	}
	return func() {
		h.t.Helper()
		defer viewer.Close()
		if err := <-done; err != nil {
			h.t.Errorf("the publisher beside: %v", err)
		}
		snap, _ := h.hub.Stream(name)
		got := uint64(0)
		for _, t := range snap.Tracks {
			got += t.Frames
		}
		if got != want {
			h.t.Errorf("the publisher beside lost %d of %d frames", want-got, want)
		}
	}
}

// heap is what is in use after a collection, stacks included.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

func checkHeap(t *testing.T, before uint64) {
	t.Helper()
	if now := heap(); now > before+heapBound {
		t.Errorf("the heap grew by %d MB", (now-before)>>20)
	}
}

func TestNestedConnect(t *testing.T) {
	for _, tt := range []struct {
		name string
		size int
	}{{"4 MB", 4 << 20}, {"as long as a command may be", maxCommand}, {"within the budget", budgetPending}} {
		t.Run(tt.name, func(t *testing.T) {
			h := start(t, setup{})
			check := h.beside()
			before := heap()
			deep := commandBody("connect", 1, nested(amfObject, tt.size)...)[:tt.size]
			for range 20 {
				r := h.rude().shakeHands()
				r.send(setChunkSizeMessage(maxChunk)...)
				// The server may close before it has heard it all.
				_, _ = r.conn.Write(appendMessage(nil, 3, maxChunk, &message{kind: typeCommandAMF0, body: deep}))
				r.until()
			}
			await(t, "20 refusals", func() bool { return h.srv.Stats().Refused[reasonProtocol] == 20 })
			checkHeap(t, before)
			check()
		})
	}
}

func TestLiesAboutLengths(t *testing.T) {
	h := start(t, setup{cfg: Config{PublishTimeout: 200 * time.Millisecond}})
	check := h.beside()
	before := heap()
	for _, lie := range []*wire{
		(&wire{}).full(3, 0, maxCommand+1, typeCommandAMF0),
		(&wire{}).full(3, 0, 0xFFFFFF, typeVideo),
		(&wire{}).full(2, 0, 4, typeSetChunkSize).uint32(1<<31-1).full(3, 0, maxCommand, typeCommandAMF0).bytes(amfString),
		(&wire{}).message(3, 0, typeCommandAMF0, []byte{amfString, 0xFF, 0xFF, 'c'}),
		(&wire{}).message(3, 0, typeCommandAMF0, commandBody("connect", 1, amfStrictArray, 0x7F, 0xFF, 0xFF, 0xFF)),
		(&wire{}).message(3, 0, typeCommandAMF0, commandBody("connect", 1, amfLongString, 0xFF, 0xFF, 0xFF, 0xFF)),
		(&wire{}).message(3, 0, typeCommandAMF0, nil).full(2, 0, 1, typeSetChunkSize).bytes(0),
	} {
		for range 5 {
			r := h.rude().shakeHands()
			r.send(lie.b...)
			r.until()
		}
	}
	checkHeap(t, before)
	check()
}

func TestSilentPeers(t *testing.T) {
	const places = 256
	h := start(t, setup{cfg: Config{MaxPending: places, HandshakeTimeout: patience}})
	check := h.beside()
	before, routines := heap(), runtime.NumGoroutine()
	peers := make([]*rude, silentPeers)
	for i := range peers {
		peers[i] = h.rude()
		if i%2 == 1 {
			peers[i].send(rtmpVersion, 1, 2, 3) // some say a little
		}
	}
	await(t, "all have been accepted", func() bool { return h.srv.Stats().Accepted == silentPeers+1 })
	await(t, "the others are turned out", func() bool {
		s := h.srv.Stats()
		return s.Refused[reasonCrowded] == silentPeers-places && s.Connections <= places+1
	})
	if n := runtime.NumGoroutine() - routines; n > places+20 {
		t.Errorf("%d goroutines for %d places", n, places)
	}
	checkHeap(t, before)
	peers[0].until()
	newest := peers[len(peers)-1]
	_ = newest.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := newest.conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the newest was turned out: %v", err)
	}
	check()
}

// Peers that say connect and then nothing cost the library's buffers; there are
// fewer places for them.
func TestPeersThatOnlyConnect(t *testing.T) {
	h := start(t, setup{cfg: Config{PublishTimeout: patience}})
	check := h.beside()
	before := heap()
	const peers = 2 * maxStarting
	for range peers {
		h.rude().shakeHands().send(connected().b...)
	}
	await(t, "half of them are turned out", func() bool {
		s := h.srv.Stats()
		return s.Refused[reasonCrowded] == peers-maxStarting && s.Connections <= maxStarting+1
	})
	checkHeap(t, before)
	check()
}

// drip sends byte after byte until the server closes, and says how long it took.
func (r *rude) drip(b []byte) time.Duration {
	r.t.Helper()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(io.Discard, r.conn)
	}()
	begin := time.Now()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for _, c := range b {
		select {
		case <-closed:
			return time.Since(begin)
		case <-tick.C:
			_, _ = r.conn.Write([]byte{c})
		case <-time.After(patience):
			r.t.Fatal("the server is still listening")
		}
	}
	<-closed
	return time.Since(begin)
}

func TestOneByteAtATime(t *testing.T) {
	const limit = 300 * time.Millisecond
	h := start(t, setup{cfg: Config{HandshakeTimeout: limit, PublishTimeout: limit, IdleTimeout: limit}})
	check := h.beside()
	long := make([]byte, 4000)
	for _, tt := range []struct {
		name string
		peer func() *rude
		send []byte
	}{
		{"handshake", h.rude, append([]byte{rtmpVersion}, long...)},
		{"connect", func() *rude { return h.rude().shakeHands() }, (&wire{}).full(3, 0, 4000, typeCommandAMF0).bytes(long...).b},
		{"after connect", func() *rude {
			r := h.rude().shakeHands()
			r.send(connected().b...)
			return r
		}, (&wire{}).full(3, 0, 4000, typeCommandAMF0).bytes(long...).b},
		{"media", func() *rude { return h.rude().publish("drip") }, (&wire{}).full(6, 0, 4000, typeVideo).bytes(long...).b},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if took := tt.peer().drip(tt.send); took > 10*limit {
				t.Errorf("%v", took)
			}
		})
	}
	check()
}

func TestRandomBytes(t *testing.T) {
	h := start(t, setup{cfg: Config{HandshakeTimeout: 500 * time.Millisecond, PublishTimeout: 500 * time.Millisecond, IdleTimeout: 500 * time.Millisecond}})
	check := h.beside()
	before := heap()
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		junk := make([]byte, 20_000)
		for i := range junk {
			junk[i] = byte(random.Uint32())
		}
		r := h.rude()
		switch i % 4 {
		case 1:
			junk[0] = rtmpVersion
		case 2:
			r.shakeHands()
		case 3:
			r.publish("junk")
		}
		_, _ = r.conn.Write(junk)
		r.until()
	}
	checkHeap(t, before)
	check()
}

func TestChangeOfMind(t *testing.T) {
	h := start(t, setup{})
	check := h.beside()
	r := h.rude().publish("mind")
	v := body(400)
	r.send((&wire{}).full(6, 0, 400, typeVideo).bytes(v[:128]...).full(6, 0, 200, typeAudio).bytes(v[:128]...).b...)
	if end := r.until(); !bytes.Contains(end, []byte("begins a message inside a message")) {
		t.Errorf("was told %q", end)
	}
	await(t, "the closing line", func() bool { return h.log.Has("begins a message inside a message") })
	check()
}

func TestPublisherThatDoesNotRead(t *testing.T) {
	h := start(t, setup{cfg: Config{WriteTimeout: 300 * time.Millisecond}})
	check := h.beside()
	before := heap()
	r := h.rude().publish("deaf")
	if tcp, ok := r.conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(4 << 10)
	}
	var pings wire
	for range 1000 {
		pings.message(2, 0, typeUserControl, []byte{0, eventPingRequest, 1, 2, 3, 4})
	}
	_ = r.conn.SetWriteDeadline(time.Now().Add(patience))
	for err := error(nil); err == nil; { // until the server gives up
		_, err = r.conn.Write(pings.b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("the server stopped reading")
		}
	}
	await(t, "the closing line", func() bool { return h.log.Has("writing: ") })
	checkHeap(t, before)
	check()
}
