package port

import (
	"log/slog"
	"net/netip"
	"testing"
)

var (
	loopback4 = netip.MustParseAddr("127.0.0.1")
	loopback6 = netip.IPv6Loopback()
	elsewhere = netip.MustParseAddr("198.51.100.1")
)

func TestCandidates(t *testing.T) {
	public := netip.MustParseAddr("203.0.113.7")
	public6 := netip.MustParseAddr("2001:db8::7")
	for name, test := range map[string]struct {
		cfg  Config
		peer netip.Addr
		want []netip.Addr
	}{
		"one address":                   {Config{Address: "127.0.0.2:0"}, elsewhere, []netip.Addr{netip.MustParseAddr("127.0.0.2")}},
		"one address, IPv6":             {Config{Address: "[::1]:0"}, elsewhere, []netip.Addr{loopback6}},
		"behind NAT":                    {Config{Address: "127.0.0.1:0", Public: []string{"203.0.113.7"}}, elsewhere, []netip.Addr{public}},
		"behind NAT, both":              {Config{Address: ":0", Public: []string{"2001:db8::7", "203.0.113.7"}}, elsewhere, []netip.Addr{public6, public}},
		"behind NAT, from here":         {Config{Address: ":0", Public: []string{"203.0.113.7"}}, loopback4, []netip.Addr{public}},
		"everywhere, from here":         {Config{Address: ":0"}, loopback4, append(interfaceAddrs(), loopback4)},
		"everywhere, from here, mapped": {Config{Address: ":0"}, netip.MustParseAddr("::ffff:127.0.0.1"), append(interfaceAddrs(), loopback4)},
		"everywhere, from here, IPv6":   {Config{Address: ":0"}, loopback6, append(interfaceAddrs(), loopback6)},
		"everywhere, from there":        {Config{Address: ":0"}, elsewhere, orLoopback(interfaceAddrs())},
	} {
		for _, tcp := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				test.cfg.TCP = tcp
				p, err := Listen(test.cfg, slog.New(slog.DiscardHandler))
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = p.Close() }()
				want := test.want
				if tcp {
					want = append(append([]netip.Addr(nil), want...), want...)
				}
				got := p.Candidates(test.peer)
				if len(got) != len(want) {
					t.Fatalf("named %v, want %v", got, want)
				}
				for i, c := range got {
					if c.Addr.Addr() != want[i] || c.Addr.Port() != p.Addr().Port() || c.TCP != (i >= len(test.want)) {
						t.Errorf("named %v, want %v", c, want[i])
					}
					if i > 0 && c.priority() >= got[i-1].priority() {
						t.Errorf("%v is not after %v", c, got[i-1])
					}
				}
			})
		}
	}
}

func orLoopback(addrs []netip.Addr) []netip.Addr {
	if len(addrs) == 0 {
		return []netip.Addr{loopback4}
	}
	return addrs
}

func TestCandidateLines(t *testing.T) {
	at := netip.MustParseAddrPort("[2001:db8::7]:8000")
	for want, c := range map[string]Candidate{
		"1 1 udp 2130706431 2001:db8::7 8000 typ host":                 {Addr: at},
		"2 1 tcp 1520434943 2001:db8::7 8000 typ host tcptype passive": {Addr: at, TCP: true, rank: 1},
	} {
		if got := c.String(); got != want {
			t.Errorf("wrote %q, want %q", got, want)
		}
	}
}
