package port

import (
	"runtime"
	"testing"
	"time"
)

func TestStrangersAreTurnedAway(t *testing.T) {
	p := listenTCP(t, "127.0.0.1:0")
	newSession(t, p, "ours")
	for name, first := range map[string][]byte{
		"HTTP":                 []byte("GET / HTTP/1.1\r\n\r\n"),
		"TLS":                  []byte("\x16\x03\x01\x00\xf8\x01\x00"),
		"zeros":                make([]byte, 4096),
		"a frame of nothing":   {0, 0},
		"a huge frame":         {0xff, 0xff},
		"nobody's check":       append([]byte{0, 36}, hello("none")...),
		"media before a check": []byte("\x00\x04\x80abc"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, p)
			_, _ = c.Write(first)
			if !c.closed(helloTimeout / 2) {
				t.Error("it is still there")
			}
		})
	}
	t.Run("a byte a second", func(t *testing.T) {
		t.Parallel()
		c := connect(t, p)
		begun := time.Now()
		for _, b := range append([]byte{0, 36}, hello("ours")...) {
			if _, err := c.Write([]byte{b}); err != nil {
				break
			}
			if c.closed(time.Second) {
				break
			}
		}
		if took := time.Since(begun); took > helloTimeout+2*time.Second {
			t.Errorf("it was let be for %v", took)
		}
	})
}

// TestSilentConnectionsMakeRoom opens a thousand connections that say nothing; a
// client that comes after them, and one that was there before, are served.
func TestSilentConnectionsMakeRoom(t *testing.T) {
	p := listenTCP(t, "127.0.0.1:0")
	s := newSession(t, p, "ours")
	before := connect(t, p)
	before.send(hello("ours"))
	<-s.paths
	silent := make([]client, 1000)
	for i := range silent {
		silent[i] = connect(t, p)
	}
	after := connect(t, p)
	after.send(hello("ours"))
	path := <-s.paths
	if path.Remote.String() != after.LocalAddr().String() {
		t.Fatalf("%v came in", path)
	}
	if n := p.Stats().Connections; n > maxWaiting+2 {
		t.Errorf("%d connections are kept, only %d may wait", n, maxWaiting)
	}
	if !silent[0].closed(time.Second) {
		t.Error("the oldest was not closed")
	}
	before.send([]byte("\x80still"))
	if got := <-s.packets; string(got) != "\x80still" {
		t.Errorf("%q came from the first", got)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapInuse > 64<<20 {
		t.Errorf("%d MiB in use", m.HeapInuse>>20)
	}
}

func TestOneHostDoesNotTakeAllPlaces(t *testing.T) {
	p := listenTCP(t, "127.0.0.1:0")
	s := newSession(t, p, "ours")
	clients := make([]client, maxPerAddress)
	for i := range clients {
		clients[i] = connect(t, p)
		clients[i].send(hello("ours"))
		<-s.paths
	}
	if late := connect(t, p); !late.closed(5 * time.Second) {
		t.Error("one too many was taken")
	}
	if n := p.Stats().TCPRefused; n != 1 {
		t.Errorf("%d were refused", n)
	}
}
