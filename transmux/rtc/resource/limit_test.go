package resource

import (
	"net/netip"
	"testing"
	"time"
)

func TestALimitIsAnAddresss(t *testing.T) {
	l := newLimiter(10)
	now := time.Unix(1000, 0)
	one, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for i := range 10 * burstSeconds {
		if wait := l.take(one, now); wait != 0 {
			t.Fatalf("request %d waits %v", i, wait)
		}
	}
	if wait := l.take(one, now); wait != 100*time.Millisecond {
		t.Errorf("the one too many waits %v", wait)
	}
	if wait := l.take(netip.MustParseAddr("::ffff:192.0.2.1"), now); wait == 0 {
		t.Error("the same address in other words has tokens")
	}
	if wait := l.take(other, now); wait != 0 {
		t.Errorf("another address waits %v", wait)
	}
	if wait := l.take(one, now.Add(100*time.Millisecond)); wait != 0 {
		t.Errorf("later it waits %v", wait)
	}
	if wait := l.take(one, now.Add(-time.Hour)); wait == 0 {
		t.Error("a clock that is set back makes tokens")
	}
}

func TestANetworkIsOneAddress(t *testing.T) {
	l := newLimiter(1)
	now := time.Unix(1000, 0)
	for i := range byte(burstSeconds) {
		at := netip.MustParseAddr("2001:db8::").As16()
		at[15] = i
		l.take(netip.AddrFrom16(at), now)
	}
	if l.take(netip.MustParseAddr("2001:db8::ffff"), now) == 0 {
		t.Error("a household has as many buckets as addresses")
	}
	if l.take(netip.MustParseAddr("2001:db8:0:1::1"), now) != 0 {
		t.Error("its neighbour pays for it")
	}
}

// TestTheTableIsBounded: from however many addresses it comes, memory does not
// grow, and a flood is limited as a whole.
func TestTheTableIsBounded(t *testing.T) {
	l := newLimiter(1)
	now := time.Unix(1000, 0)
	addr := netip.MustParseAddr("10.0.0.1")
	let := 0
	for range 3 * maxAddresses {
		if l.take(addr, now) == 0 {
			let++
		}
		addr = addr.Next()
	}
	if len(l.buckets) > maxAddresses {
		t.Errorf("%d addresses are kept", len(l.buckets))
	}
	if let > maxAddresses+burstSeconds {
		t.Errorf("%d requests of a flood pass", let)
	}
	if l.take(addr, now.Add(time.Hour)) != 0 || len(l.buckets) != 1 {
		t.Errorf("idle addresses are not forgotten: %d", len(l.buckets))
	}
}

// TestAnotherRate holds for the requests that come; those refused are counted.
func TestAnotherRate(t *testing.T) {
	room := New(Config{Rate: 1})
	now, at := time.Unix(1000, 0), netip.MustParseAddr("192.0.2.1")
	for range burstSeconds {
		room.limit.take(at, now)
	}
	if wait := room.limit.take(at, now); wait == 0 || room.Refused() != 1 {
		t.Errorf("it waits %v, %d refused", wait, room.Refused())
	}
	servers := []ICEServer{{URL: "stun:s.example"}}
	room.Configure(servers, 100)
	later := now.Add(time.Second)
	for i := range 100 {
		if wait := room.limit.take(at, later); wait != 0 {
			t.Fatalf("request %d of the new rate waits %v", i, wait)
		}
	}
	if got := *room.shared.Load(); len(got) != 1 || got[0] != servers[0] {
		t.Errorf("clients are told of %v", got)
	}
}
