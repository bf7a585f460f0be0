package port

import (
	"log/slog"
	"net"
	"runtime"
	"testing"
)

// TestDropsAreCounted sends more than a socket that nobody reads has room for.
func TestDropsAreCounted(t *testing.T) {
	p, err := Listen(Config{Address: "127.0.0.1:0"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.conn.SetReadBuffer(1); err != nil { // the kernel's least
		t.Fatal(err)
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(p.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	before := p.Stats().ReadDrops
	for range 1000 {
		if _, err := conn.Write(make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	after := p.Stats().ReadDrops
	if before != 0 || runtime.GOOS == "linux" && after < 500 {
		t.Errorf("%d drops before, %d after", before, after)
	}
}
