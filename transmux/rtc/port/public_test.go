package port

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"testing"
)

// TestPublicNamesAreLookedUp goes through the life of a name: found, moved, not
// found for a while, nonsense.
func TestPublicNamesAreLookedUp(t *testing.T) {
	var answer []netip.Addr
	var failure error
	cfg := Config{
		Address: "127.0.0.1:0", TCP: true, Public: []string{"203.0.113.7", "live.example", "2001:db8::1"},
		Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			if host != "live.example" {
				t.Errorf("asked for %s", host)
			}
			return answer, failure
		},
	}
	addrs := func(texts ...string) (list []netip.Addr) {
		for _, text := range texts {
			list = append(list, netip.MustParseAddr(text))
		}
		return list
	}
	answer = addrs("2001:db8::9", "::ffff:192.0.2.9", "0.0.0.0")
	p, err := Listen(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	for _, step := range []struct {
		what    string
		answer  []netip.Addr
		failure error
		want    []netip.Addr
	}{
		{"both families", answer, nil, addrs("203.0.113.7", "192.0.2.9", "2001:db8::9", "2001:db8::1")},
		{"turned round", addrs("192.0.2.9", "2001:db8::9"), nil, addrs("203.0.113.7", "192.0.2.9", "2001:db8::9", "2001:db8::1")},
		{"moved", addrs("192.0.2.10"), nil, addrs("203.0.113.7", "192.0.2.10", "2001:db8::1")},
		{"not found", nil, errors.New("no such host"), addrs("203.0.113.7", "192.0.2.10", "2001:db8::1")},
		{"nothing usable", addrs("0.0.0.0", "224.0.0.1"), nil, addrs("203.0.113.7", "192.0.2.10", "2001:db8::1")},
		{"one that is there already", addrs("203.0.113.7"), nil, addrs("203.0.113.7", "2001:db8::1")},
		{
			"very many", addrs("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"), nil,
			addrs("203.0.113.7", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "2001:db8::1"),
		},
	} {
		answer, failure = step.answer, step.failure
		p.public.refresh(t.Context())
		var got []netip.Addr
		for _, c := range p.Candidates(elsewhere) {
			if !c.TCP {
				got = append(got, c.Addr.Addr())
			}
		}
		if !slices.Equal(got, step.want) {
			t.Errorf("%s: named %v, want %v", step.what, got, step.want)
		}
	}
}

func TestANameNotFoundAtStartLeavesTheInterfaces(t *testing.T) {
	p, err := Listen(Config{
		Address: "127.0.0.1:0", Public: []string{"live.example"},
		Lookup: func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New("no such host") },
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if got := p.Candidates(elsewhere); len(got) != 1 || got[0].Addr != p.Addr() {
		t.Errorf("named %v", got)
	}
}

func TestTheSystemKnowsLocalhost(t *testing.T) {
	p, err := Listen(Config{Address: "127.0.0.1:0", Public: []string{"localhost"}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	for _, c := range p.Candidates(elsewhere) {
		if !c.Addr.Addr().IsLoopback() {
			t.Errorf("named %v", c)
		}
	}
}

func TestTCPIsOnTheSameNumberOrAnError(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	p, err := Listen(Config{Address: "127.0.0.1:0", TCP: true}, log)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Errorf("TCP is not where UDP is: %v", err)
	} else {
		_ = conn.Close()
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if p, err := Listen(Config{Address: l.Addr().String(), TCP: true}, log); !errors.Is(err, ErrTCP) {
		t.Errorf("what is taken gives %v, %v", p, err)
	}
	p, err = Listen(Config{Address: l.Addr().String()}, log)
	if err != nil {
		t.Fatalf("UDP alone: %v", err)
	}
	_ = p.Close()
}
