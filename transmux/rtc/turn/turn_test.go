package turn

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	pion "github.com/pion/turn/v5"
	"go.uber.org/goleak"

	"millrace/transmux/rtc/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for what must come; quiet for what must not.
const (
	patience = 15 * time.Second
	quiet    = 100 * time.Millisecond
)

// echo is a gateway that sends everything back.
type echo struct {
	*net.UDPConn
	heard chan string
}

func (e *echo) Addr() netip.AddrPort { return e.LocalAddr().(*net.UDPAddr).AddrPort() }

func (e *echo) Candidates(netip.Addr) []port.Candidate {
	return []port.Candidate{{Addr: e.Addr()}, {Addr: e.Addr(), TCP: true}}
}

// listenEcho makes one on a loopback address.
func listenEcho(t *testing.T, address string) *echo {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{conn, make(chan string, 64)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, maxFrame)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			e.heard <- string(buf[:n])
			_, _ = conn.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return e
}

// start serves a room in front of a gateway until the test ends.
func start(t testing.TB, cfg Config, gateway Gateway) *Room {
	t.Helper()
	var s Sockets
	var err error
	if s.UDP, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if s.TCP, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if s.TLS, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	room := New(cfg, gateway, s, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- room.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return room
}

// dial connects to a way in as a client does.
func dial(t testing.TB, way Server) (*pion.Client, error) {
	t.Helper()
	rest, _, _ := strings.Cut(way.URL, "?")
	scheme, at, _ := strings.Cut(rest, ":")
	var conn net.PacketConn
	var stream net.Conn
	var err error
	switch {
	case scheme == "turns":
		stream, err = tls.Dial("tcp", at, &tls.Config{InsecureSkipVerify: true}) // its certificate is the test's
	case strings.HasSuffix(way.URL, "=tcp"):
		stream, err = net.Dial("tcp", at)
	default:
		conn, err = net.ListenPacket("udp", "127.0.0.1:0")
	}
	if err != nil {
		t.Fatal(err)
	}
	if stream != nil {
		conn = pion.NewSTUNConn(stream)
	}
	client, err := pion.NewClient(&pion.ClientConfig{
		TURNServerAddr: at, Conn: conn, Username: way.User, Password: way.Password, RTO: patience,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); _ = conn.Close() })
	return client, client.Listen()
}

// allocate makes a relay over a way in.
func allocate(t testing.TB, way Server) (net.PacketConn, error) {
	t.Helper()
	client, err := dial(t, way)
	if err != nil {
		return nil, err
	}
	relay, err := client.Allocate()
	if err == nil {
		t.Cleanup(func() { _ = relay.Close() })
	}
	return relay, err
}

func mustAllocate(t testing.TB, way Server) net.PacketConn {
	t.Helper()
	relay, err := allocate(t, way)
	if err != nil {
		t.Fatal(err)
	}
	return relay
}

// exchange sends words through a relay and waits for them to come back.
func exchange(t testing.TB, relay net.PacketConn, to netip.AddrPort, words string) {
	t.Helper()
	if _, err := relay.WriteTo([]byte(words), net.UDPAddrFromAddrPort(to)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, maxFrame)
	_ = relay.SetReadDeadline(time.Now().Add(patience))
	n, from, err := relay.ReadFrom(buf)
	if err != nil || string(buf[:n]) != words || from.String() != to.String() {
		t.Fatalf("%q from %v, %v", buf[:n], from, err)
	}
}

// until waits for something to become true.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		pause := time.NewTimer(5 * time.Millisecond)
		<-pause.C
	}
}

func TestRelaysOverEveryWay(t *testing.T) {
	gateway := listenEcho(t, "127.0.0.1:0")
	room := start(t, Config{}, gateway)
	ways := room.Open("session", "127.0.0.1")
	if len(ways) != 3 {
		t.Fatalf("%d ways", len(ways))
	}
	for _, way := range ways {
		relay := mustAllocate(t, way)
		exchange(t, relay, gateway.Addr(), "to and fro")
		exchange(t, relay, gateway.Addr(), strings.Repeat("large ", 200))
	}
	until(t, "the connections have their relays", func() bool { return room.Stats().Waiting == 0 })
	s := room.Stats()
	if s.Relays != 3 || s.Opened != 3 || s.Credentials != 1 || s.Connections != 2 || s.Up != 3*1210 || s.Down != s.Up {
		t.Errorf("%+v", s)
	}
	room.End("session")
	room.End("session")
	until(t, "the session's relays and connections are gone", func() bool {
		s := room.Stats()
		return s.Relays == 0 && s.Credentials == 0 && s.Connections == s.Waiting
	})
}

// TestRelaysNowhereElse is an outsider with good credentials.
func TestRelaysNowhereElse(t *testing.T) {
	gateway := listenEcho(t, "127.0.0.1:0")
	beside := listenEcho(t, "127.0.0.1:0")    // another port of the same address
	elsewhere := listenEcho(t, "127.0.0.2:0") // another address
	room := start(t, Config{}, gateway)
	ways := room.Open("one", "127.0.0.1")
	others := room.Open("another", "127.0.0.1")
	for i, way := range ways {
		relay, other := mustAllocate(t, way), mustAllocate(t, others[i])
		if _, err := relay.WriteTo([]byte("out of here"), elsewhere.LocalAddr()); err == nil {
			t.Errorf("%s: a permission for another address", way.URL)
		}
		for _, to := range []net.Addr{beside.LocalAddr(), other.LocalAddr(), room.sockets.UDP.LocalAddr()} {
			if _, err := relay.WriteTo([]byte("out of here"), to); err != nil {
				t.Errorf("%s to %s: %v", way.URL, to, err) // permissions are for an address, whatever the port
			}
		}
		// What came before has been dealt with when this is back.
		exchange(t, relay, gateway.Addr(), "into it")
		_ = other.SetReadDeadline(time.Now().Add(quiet))
		if n, from, err := other.ReadFrom(make([]byte, 100)); err == nil {
			t.Errorf("%s: %d bytes from %v reached another relay", way.URL, n, from)
		}
	}
	for _, one := range []*echo{beside, elsewhere} {
		select {
		case words := <-one.heard:
			t.Errorf("%s heard %q", one.LocalAddr(), words)
		default:
		}
	}
	if refused := room.Stats().Refused["peer"]; refused < 12 {
		t.Errorf("%d refused", refused)
	}
}

// TestNobodyElseReachesAClient sends to a relay's socket from beside.
func TestNobodyElseReachesAClient(t *testing.T) {
	gateway := listenEcho(t, "127.0.0.1:0")
	room := start(t, Config{}, gateway)
	relay := mustAllocate(t, room.Open("s", "127.0.0.1")[0])
	exchange(t, relay, gateway.Addr(), "into it")
	stranger := listenEcho(t, "127.0.0.1:0")
	room.mu.Lock()
	for one := range room.relays {
		one.mu.Lock()
		for _, leg := range one.legs {
			_, _ = stranger.WriteTo([]byte("strange"), leg.LocalAddr())
		}
		one.mu.Unlock()
		_, _ = stranger.WriteTo([]byte("strange"), one.LocalAddr())
	}
	room.mu.Unlock()
	exchange(t, relay, gateway.Addr(), "after") // and nothing before it
}

func TestCredentials(t *testing.T) {
	gateway := listenEcho(t, "127.0.0.1:0")
	room := start(t, Config{}, gateway)
	ways := room.Open("s", "127.0.0.1")
	over := room.Open("over", "127.0.0.1")
	room.End("over")
	room.cfg.Lifetime = -time.Second
	old := room.Open("old", "127.0.0.1")
	for i, way := range ways {
		for name, bad := range map[string]Server{
			"none":           {URL: way.URL},
			"wrong password": {URL: way.URL, User: way.User, Password: "guess"},
			"wrong user":     {URL: way.URL, User: "guess", Password: way.Password},
			"of another":     {URL: way.URL, User: way.User, Password: over[i].Password},
			"ended":          over[i],
			"expired":        old[i],
		} {
			if relay, err := allocate(t, bad); err == nil {
				t.Errorf("%s, %s: relays as %s", way.URL, name, relay.LocalAddr())
			}
		}
		mustAllocate(t, way)
	}
	if s := room.Stats(); s.Relays != 3 || s.Refused["credential"] < 9 {
		t.Errorf("%+v", s)
	}
}

func TestQuotas(t *testing.T) {
	gateway := listenEcho(t, "127.0.0.1:0")
	for _, tc := range []struct {
		reason string
		cfg    Config
	}{
		{"total", Config{Allocations: 2}},
		{"address", Config{PerAddress: 2}},
		{"session", Config{PerSession: 2}},
	} {
		room := start(t, tc.cfg, gateway)
		way := room.Open("s", "127.0.0.1")[0]
		first := mustAllocate(t, way)
		mustAllocate(t, way)
		if _, err := allocate(t, way); err == nil {
			t.Errorf("%s: one more", tc.reason)
		}
		if s := room.Stats(); s.Relays != 2 || s.Refused[tc.reason] == 0 {
			t.Errorf("%s: %+v", tc.reason, s)
		}
		_ = first.Close()
		until(t, "a relay is free", func() bool { return room.Stats().Relays == 1 })
		mustAllocate(t, way)
	}
}

func TestBitrate(t *testing.T) {
	gateway := listenEcho(t, "127.0.0.1:0")
	room := start(t, Config{Bitrate: 8 * 5000}, gateway)
	relay := mustAllocate(t, room.Open("s", "127.0.0.1")[0])
	for range 50 {
		if _, err := relay.WriteTo(make([]byte, 1000), net.UDPAddrFromAddrPort(gateway.Addr())); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "what is too much is dropped", func() bool { return room.Stats().Dropped > 0 })
	if s := room.Stats(); s.Up < 1000 {
		t.Errorf("%+v", s)
	}
}

// TestBogusRequestsAreBounded asks a thousand times, and connects more often than
// there is room for.
func TestBogusRequestsAreBounded(t *testing.T) {
	gateway := listenEcho(t, "127.0.0.1:0")
	room := start(t, Config{}, gateway)
	ask := []byte{0, 3, 0, 8, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0x19, 0, 4, 17, 0, 0, 0}
	var conns []net.Conn
	defer func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	}()
	for i := range 1000 {
		from, err := net.Dial("udp", room.sockets.UDP.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		ask[19] = byte(i)
		_, _ = from.Write(ask)
		_ = from.Close()
	}
	for range maxWaiting + 50 {
		conn, err := net.Dial("tcp", room.sockets.TCP.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write(ask)
		conns = append(conns, conn)
	}
	until(t, "the oldest connections were turned out", func() bool { return room.Stats().Refused["waiting"] == 50 })
	if s := room.Stats(); s.Relays != 0 || s.Credentials != 0 || s.Connections > maxWaiting {
		t.Errorf("%+v", s)
	}
	exchange(t, mustAllocate(t, room.Open("s", "127.0.0.1")[1]), gateway.Addr(), "still here")
}

// TestBadFramesEndAConnection has the lengths that the library would not bear.
func TestBadFramesEndAConnection(t *testing.T) {
	room := start(t, Config{}, listenEcho(t, "127.0.0.1:0"))
	cookie := []byte{0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	for name, bytes := range map[string][]byte{
		"overflows to nothing": append([]byte{0, 1, 0xff, 0xec}, cookie...),
		"overflows":            append([]byte{0, 1, 0xff, 0xf0}, cookie...),
		"too long":             append([]byte{0, 1, 0x10, 0}, cookie...),
		"not in words":         append([]byte{0, 1, 0, 3}, cookie...),
		"channel too long":     {0x40, 0, 0xff, 0xff},
		"neither":              {0xff, 0xff, 0, 0},
		"no cookie":            make([]byte, 20),
	} {
		conn, err := net.Dial("tcp", room.sockets.TCP.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write(bytes)
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := conn.Read(make([]byte, 100)); !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%s: %v", name, err)
		}
		_ = conn.Close()
	}
	until(t, "all have left", func() bool { return room.Stats().Connections == 0 })
}

func TestStreamReadsWholeFrames(t *testing.T) {
	ours, theirs := net.Pipe()
	room := &Room{crowd: newCrowd()}
	l := listener{room: room}
	s := l.take(addressed{ours})
	go func() {
		for _, part := range [][]byte{{0x40, 0, 0}, {5, 1, 2}, {3, 4, 5, 0, 0, 0, 0x40, 1, 0, 0}} {
			_, _ = theirs.Write(part)
		}
		_ = theirs.Close()
	}()
	buf := make([]byte, maxFrame)
	for _, want := range [][]byte{{0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0}, {0x40, 1, 0, 0}} {
		if n, err := s.Read(buf); err != nil || !bytes.Equal(buf[:n], want) {
			t.Errorf("%x, %v", buf[:n], err)
		}
	}
	if _, err := s.Read(buf); err == nil {
		t.Error("the end is no frame")
	}
}

// addressed is a pipe that comes from somewhere.
type addressed struct{ net.Conn }

func (addressed) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4711}
}

func (addressed) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 3478} }
