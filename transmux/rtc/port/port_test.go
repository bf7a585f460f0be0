package port

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t testing.TB, address string) *Port {
	t.Helper()
	p, err := Listen(Config{Address: address}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { _ = p.Serve(ctx) })
	t.Cleanup(func() { cancel(); work.Wait() })
	return p
}

func receiver(t testing.TB, network, address string) (*net.UDPConn, Path) {
	t.Helper()
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, Path{Remote: conn.LocalAddr().(*net.UDPAddr).AddrPort()}
}

// TestRuns sends runs with and without the kernel's help; either way the packets
// come out as they went in.
func TestRuns(t *testing.T) {
	for _, segment := range []bool{true, false} {
		for _, packets := range []int{1, 2, 40, MaxSegments} {
			t.Run(fmt.Sprintf("segment=%v/%d", segment, packets), func(t *testing.T) {
				p := listen(t, "127.0.0.1:0")
				if segment && !p.segment.Load() {
					t.Log("this kernel does not segment; the packets must come all the same")
				}
				p.segment.Store(segment && p.segment.Load())
				conn, path := receiver(t, "udp", "127.0.0.1:0")
				run := make([]byte, packets*1000-300)
				for i := range run {
					run[i] = byte(i / 1000)
				}
				if err := p.Writer().SendRun(&path, run, 1000); err != nil {
					t.Fatal(err)
				}
				buf := make([]byte, 2000)
				for i := range packets {
					_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
					n, err := conn.Read(buf)
					if err != nil {
						t.Fatal(err)
					}
					if want := run[i*1000 : min(i*1000+1000, len(run))]; !bytes.Equal(buf[:n], want) {
						t.Fatalf("packet %d came with %d bytes of %d", i, n, buf[0])
					}
				}
			})
		}
	}
}

func TestAnswersComeFromWhereTheyWereAsked(t *testing.T) {
	p := listen(t, ":0")
	got := make(chan Path, 1)
	for _, local := range []string{"127.0.0.1", "127.0.0.7", "::1"} {
		conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(local), p.Addr().Port())))
		if err != nil {
			t.Logf("no %s here: %v", local, err)
			continue
		}
		from := netip.MustParseAddrPort(conn.LocalAddr().String())
		p.Bind(Path{Remote: from}, catch(got))
		if _, err := conn.Write([]byte{0x80, 200, 0, 0}); err != nil {
			t.Fatal(err)
		}
		path := <-got
		if path.Local.String() != local || path.Remote != from {
			t.Errorf("from %v to %s arrived as %+v", from, local, path)
		}
		if err := p.Writer().Send(&path, []byte("back")); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		buf := make([]byte, 10)
		// A connected socket takes only what comes from the address it asked.
		if n, err := conn.Read(buf); err != nil || string(buf[:n]) != "back" {
			t.Errorf("asked at %s: %q, %v", local, buf[:n], err)
		}
		_ = conn.Close()
	}
}

type catch chan Path

func (c catch) Receive(_ []byte, from Path) { c <- from }
func (catch) Drained()                      {}
func (catch) Lost(Path)                     {}

func FuzzLocalUfrag(f *testing.F) {
	f.Add([]byte("\x00\x01\x00\x0c\x21\x12\xa4\x42............\x00\x06\x00\x08ours:the"))
	f.Fuzz(func(_ *testing.T, packet []byte) { localUfrag(packet) })
}

func BenchmarkSendRun(b *testing.B) {
	p := listen(b, "127.0.0.1:0")
	_, path := receiver(b, "udp", "127.0.0.1:0")
	w := p.Writer()
	run := make([]byte, 10*1200)
	b.ReportAllocs()
	for b.Loop() {
		_ = w.SendRun(&path, run, 1200)
	}
}
