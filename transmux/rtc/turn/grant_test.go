package turn

import (
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"millrace/transmux/household"
)

func TestURLs(t *testing.T) {
	at := func(n string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(n)) }
	for _, tc := range []struct {
		cfg  Config
		host string
		want []string
	}{
		{Config{}, "gate.example", []string{"turn:gate.example:3478?transport=udp", "turn:gate.example:3478?transport=tcp", "turns:gate.example:5349?transport=tcp"}},
		{Config{}, "2001:db8::1", []string{"turn:[2001:db8::1]:3478?transport=udp", "turn:[2001:db8::1]:3478?transport=tcp", "turns:[2001:db8::1]:5349?transport=tcp"}},
		{Config{}, "", nil},
		{Config{Hosts: []string{"192.0.2.1"}, TLSHost: "gate.example"}, "inside", []string{"turn:192.0.2.1:3478?transport=udp", "turn:192.0.2.1:3478?transport=tcp", "turns:gate.example:5349?transport=tcp"}},
	} {
		r := New(tc.cfg, nil, Sockets{UDP: named{at: at("0.0.0.0:3478")}, TCP: waits{at: at("[::]:3478")}, TLS: waits{at: at("[::]:5349")}}, slog.New(slog.DiscardHandler))
		if got := r.urls(tc.host); !slices.Equal(got, tc.want) {
			t.Errorf("%q: %q", tc.host, got)
		}
		if got := r.Open("s", tc.host); len(got) != len(tc.want) || len(r.grants) != min(1, len(got)) {
			t.Errorf("%q: %v and %d grants", tc.host, got, len(r.grants))
		}
	}
}

type named struct {
	net.PacketConn
	at net.Addr
}

func (n named) LocalAddr() net.Addr { return n.at }

type waits struct {
	net.Listener
	at net.Addr
}

func (w waits) Addr() net.Addr { return w.at }

func TestPlaceOf(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:0:1:2::3": "2001:db8:0:1::",
	} {
		if got := household.Of(netip.MustParseAddr(text)); got.String() != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestBudget(t *testing.T) {
	b := newBudget(8000) // 1000 bytes a second, and as many saved up
	now := time.Now()
	for _, tc := range []struct {
		after time.Duration
		bytes int
		want  bool
	}{
		{0, 900, true},
		{0, 200, false},
		{0, 100, true},
		{500 * time.Millisecond, 400, true},
		{0, 200, false},
		{time.Hour, 1000, true},
		{0, 1, false},
	} {
		now = now.Add(tc.after)
		if got := b.spend(tc.bytes, now); got != tc.want {
			t.Errorf("%d bytes after %s: %v", tc.bytes, tc.after, got)
		}
	}
}
