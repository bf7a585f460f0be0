package impair

import (
	"encoding/binary"
	"math"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// trial is a line whose arrivals are looked at without a clock.
func trial(s Settings, packets int, every time.Duration) (numbers []int, delays []time.Duration, c Counts) {
	var d direction
	d.settings.Store(&s)
	var now time.Time
	sent := make([]time.Time, packets)
	l := newLine(&d, 7, func(b []byte) error {
		n := int(binary.BigEndian.Uint32(b))
		numbers = append(numbers, n)
		delays = append(delays, now.Sub(sent[n]))
		return nil
	})
	begun := time.Unix(1000, 0)
	packet := make([]byte, 1000)
	for i := range packets {
		arrives := begun.Add(time.Duration(i) * every)
		for len(l.waiting) > 0 && !l.waiting[0].at.After(arrives) {
			now = l.waiting[0].at
			l.flush(now)
		}
		now, sent[i] = arrives, arrives
		binary.BigEndian.PutUint32(packet, uint32(i))
		l.take(packet, now)
	}
	for len(l.waiting) > 0 {
		now = l.waiting[0].at
		l.flush(now)
	}
	return numbers, delays, d.counts()
}

const many = 50_000

func TestNothingIsDoneByDefault(t *testing.T) {
	numbers, delays, c := trial(Settings{}, 1000, time.Millisecond)
	if len(numbers) != 1000 || !slices.IsSorted(numbers) || slices.Max(delays) != 0 {
		t.Errorf("%d came, in order %v, after up to %v", len(numbers), slices.IsSorted(numbers), slices.Max(delays))
	}
	if c != (Counts{Packets: 1000, Bytes: 1_000_000, Delivered: 1000}) {
		t.Errorf("%+v", c)
	}
}

func TestLoss(t *testing.T) {
	for _, share := range []float64{0.01, 0.05, 0.1, 1} {
		_, _, c := trial(Settings{Loss: share}, many, time.Millisecond)
		near(t, "lost", float64(c.Lost)/many, share)
		if c.Lost+c.Delivered != many {
			t.Errorf("%+v", c)
		}
	}
}

func TestLossInBursts(t *testing.T) {
	numbers, _, c := trial(Settings{Burst: Burst{Enter: 0.01, Leave: 0.2, Loss: 1}}, many, time.Millisecond)
	near(t, "lost", float64(c.Lost)/many, 0.01/0.21)
	bursts := 0
	for i := 1; i < len(numbers); i++ {
		if numbers[i] != numbers[i-1]+1 {
			bursts++
		}
	}
	near(t, "mean burst", float64(c.Lost)/float64(bursts), 5)
}

func TestDelayAndJitterKeepTheOrder(t *testing.T) {
	numbers, delays, _ := trial(Settings{Delay: 30 * time.Millisecond, Jitter: 20 * time.Millisecond}, many, time.Millisecond)
	if !slices.IsSorted(numbers) {
		t.Error("out of order")
	}
	if low, high := slices.Min(delays), slices.Max(delays); low < 30*time.Millisecond || high > 50*time.Millisecond || high-low < 15*time.Millisecond {
		t.Errorf("between %v and %v", low, high)
	}
}

func TestReorderingAndDuplication(t *testing.T) {
	s := Settings{Delay: 10 * time.Millisecond, Reorder: 0.02, ReorderBy: 5 * time.Millisecond, Duplicate: 0.03}
	numbers, _, c := trial(s, many, time.Millisecond)
	back := 0
	for i := 1; i < len(numbers); i++ {
		if numbers[i] < numbers[i-1] {
			back++
		}
	}
	near(t, "out of order", float64(back)/many, 0.02)
	near(t, "twice", float64(c.Duplicated)/many, 0.03)
	if c.Delivered != many+c.Duplicated || c.Reordered < uint64(back) {
		t.Errorf("%d came; %+v", len(numbers), c)
	}
}

func TestThrottle(t *testing.T) {
	// 8 Mb/s come, 4 Mb/s go; 10 KB wait, which is 20 ms.
	numbers, delays, c := trial(Settings{Rate: 4_000_000, Queue: 10_000}, many, time.Millisecond)
	near(t, "through", float64(len(numbers))/many, 0.5)
	if c.Overflown+c.Delivered != many {
		t.Errorf("%+v", c)
	}
	if high := slices.Max(delays); high > 20*time.Millisecond || high < 18*time.Millisecond {
		t.Errorf("waited up to %v", high)
	}
	if _, _, c := trial(Settings{Rate: 9_000_000}, many, time.Millisecond); c.Overflown > 0 {
		t.Errorf("a line that is fast enough loses %d", c.Overflown)
	}
}

// TestTheSameSeedIsTheSameFate: a test that fails can be run again.
func TestTheSameSeedIsTheSameFate(t *testing.T) {
	s := Settings{Loss: 0.1, Jitter: 5 * time.Millisecond, Reorder: 0.1, ReorderBy: 3 * time.Millisecond, Duplicate: 0.1}
	a, _, _ := trial(s, 1000, time.Millisecond)
	b, _, _ := trial(s, 1000, time.Millisecond)
	if !slices.Equal(a, b) {
		t.Error("two runs differ")
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.1*want {
		t.Errorf("%s: %.4f, want %.4f", what, got, want)
	}
}

// echo is a server that sends back what it gets, and tells where from.
func echo(t *testing.T) (at netip.AddrPort, from chan netip.AddrPort) {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	from = make(chan netip.AddrPort, 1000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, maxDatagram)
		for {
			n, peer, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			from <- peer
			_, _ = conn.WriteToUDPAddrPort(buf[:n], peer)
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return conn.LocalAddr().(*net.UDPAddr).AddrPort(), from
}

func TestThroughRealSockets(t *testing.T) {
	server, from := echo(t)
	p, err := Listen("127.0.0.2:0", server, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.ToServer(Settings{Delay: 20 * time.Millisecond})
	p.ToClients(Settings{Delay: 30 * time.Millisecond})
	buf := make([]byte, maxDatagram)
	for range 2 {
		conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(p.Addr()))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		begun := time.Now()
		for i := range 50 {
			if _, err := conn.Write([]byte{byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 50 {
			if n, err := conn.Read(buf); err != nil || n != 1 || buf[0] != byte(i) {
				t.Fatalf("packet %d: %v, %v", i, buf[:n], err)
			}
		}
		if took := time.Since(begun); took < 50*time.Millisecond {
			t.Errorf("there and back in %v", took)
		}
	}
	// A packet may be here before the proxy has counted it.
	in, out := p.Counts()
	for deadline := time.Now().Add(5 * time.Second); in.Delivered+out.Delivered < 200 && time.Now().Before(deadline); in, out = p.Counts() {
		runtime.Gosched()
	}
	if in.Delivered != 100 || out.Delivered != 100 {
		t.Errorf("%+v %+v", in, out)
	}

	seen := map[netip.AddrPort]bool{}
	for range 100 {
		seen[<-from] = true
	}
	if len(seen) != 2 {
		t.Errorf("two clients are %d to the server", len(seen))
	}
}

func TestMove(t *testing.T) {
	server, from := echo(t)
	p, err := Listen("127.0.0.2:0", server, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(p.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	buf := make([]byte, 10)
	ask := func() netip.AddrPort {
		if _, err := conn.Write([]byte("?")); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(buf); err != nil {
			t.Fatal(err)
		}
		return <-from
	}
	before := ask()
	if again := ask(); again != before {
		t.Errorf("moved by itself from %v to %v", before, again)
	}
	if err := p.Move(); err != nil {
		t.Fatal(err)
	}
	if after := ask(); after == before {
		t.Errorf("still %v", after)
	}
}

func BenchmarkTake(b *testing.B) {
	var d direction
	d.settings.Store(&Settings{Loss: 0.05, Delay: 30 * time.Millisecond})
	l := newLine(&d, 1, func([]byte) error { return nil })
	packet := make([]byte, 1200)
	now := time.Unix(1000, 0)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(100 * time.Microsecond)
		l.take(packet, now)
		l.flush(now)
	}
}
