package port

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"
)

// listenTCP is a port that takes connections.
func listenTCP(t testing.TB, address string) *Port {
	t.Helper()
	p, err := Listen(Config{Address: address, TCP: true}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { _ = p.Serve(ctx) })
	t.Cleanup(func() { cancel(); work.Wait() })
	return p
}

// session is an endpoint that takes every check for an authenticated one.
type session struct {
	port    *Port
	packets chan []byte
	paths   chan Path // of the checks
	drained chan struct{}
	lost    chan Path
}

func newSession(t testing.TB, p *Port, ufrag string) *session {
	t.Helper()
	s := &session{port: p, packets: make(chan []byte, 100), paths: make(chan Path, 100), drained: make(chan struct{}, 100), lost: make(chan Path, 2*maxPerAddress)}
	if err := p.Claim(ufrag, s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *session) Receive(packet []byte, from Path) {
	if IsSTUN(packet) {
		s.port.Bind(from.Peer(), s)
		s.paths <- from
		return
	}
	s.packets <- bytes.Clone(packet)
}
func (s *session) Drained()       { s.drained <- struct{}{} }
func (s *session) Lost(path Path) { s.lost <- path }

func hello(ufrag string) []byte {
	m := []byte("\x00\x01\x00\x10\x21\x12\xa4\x42............\x00\x06\x00\x0c")
	return append(m, []byte((ufrag + ":theirs......")[:12])...)
}

// client is a peer's connection.
type client struct {
	t testing.TB
	*net.TCPConn
}

func connect(t testing.TB, p *Port) client {
	t.Helper()
	conn, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(p.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return client{t, conn}
}

func (c client) send(packets ...[]byte) {
	c.t.Helper()
	var b []byte
	for _, p := range packets {
		b = binary.BigEndian.AppendUint16(b, uint16(len(p)))
		b = append(b, p...)
	}
	if _, err := c.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

func (c client) read() []byte {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	header := make([]byte, 2)
	if _, err := io.ReadFull(c, header); err != nil {
		c.t.Fatal(err)
	}
	packet := make([]byte, binary.BigEndian.Uint16(header))
	if _, err := io.ReadFull(c, packet); err != nil {
		c.t.Fatal(err)
	}
	return packet
}

// closed waits until the other side has closed, within so long.
func (c client) closed(within time.Duration) bool {
	_ = c.SetReadDeadline(time.Now().Add(within))
	_, err := io.Copy(io.Discard, c)
	timeout, ok := err.(net.Error)
	return !ok || !timeout.Timeout()
}

func TestConnectionsCarryPackets(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		t.Run(address, func(t *testing.T) {
			p := listenTCP(t, address)
			s := newSession(t, p, "ours")
			c := connect(t, p)
			c.send(hello("ours"))
			path := <-s.paths
			if !path.TCP() || path.Remote.String() != c.LocalAddr().String() || !path.Ready() {
				t.Fatalf("came over %+v", path)
			}
			c.send([]byte("\x80one"), nil, bytes.Repeat([]byte{0x80}, maxDatagram))
			for _, want := range []int{4, 0, maxDatagram} {
				if got := <-s.packets; len(got) != want {
					t.Errorf("%d bytes came of %d", len(got), want)
				}
			}
			run := bytes.Repeat([]byte("abcd"), 25)[:98]
			if err := p.Writer().SendRun(&path, run, 10); err != nil {
				t.Fatal(err)
			}
			for i := range 10 {
				if got, want := c.read(), run[i*10:min(i*10+10, len(run))]; !bytes.Equal(got, want) {
					t.Errorf("packet %d is %q, want %q", i, got, want)
				}
			}
			p.Release("ours", []Path{path.Peer()}, s)
			if err := p.Writer().Send(&path, []byte("bye")); err != nil || string(c.read()) != "bye" {
				t.Errorf("no farewell: %v", err)
			}
			if path.Ready() || !path.Gone() {
				t.Error("it takes media after its end")
			}
			if !c.closed(10 * time.Second) {
				t.Error("it was not closed")
			}
			if len(s.lost) > 0 {
				t.Error("it was let go, not lost")
			}
		})
	}
}

func TestABrokenConnectionIsLost(t *testing.T) {
	for name, cut := range map[string]func(client){
		"closed": func(c client) { _ = c.Close() },
		"reset in mid-frame": func(c client) {
			_, _ = c.Write([]byte("\x00\x10half"))
			_ = c.SetLinger(0)
			_ = c.Close()
		},
		"a huge frame":      func(c client) { _, _ = c.Write([]byte("\xff\xff")) },
		"more than a frame": func(c client) { _, _ = c.Write(binary.BigEndian.AppendUint16(nil, maxDatagram+1)) },
	} {
		t.Run(name, func(t *testing.T) {
			p := listenTCP(t, "127.0.0.1:0")
			s := newSession(t, p, "ours")
			c := connect(t, p)
			c.send(hello("ours"))
			path := <-s.paths
			cut(c)
			if lost := <-s.lost; lost != path {
				t.Errorf("%v is lost, not %v", lost, path)
			}
			if err := p.Writer().Send(&path, []byte("late")); err == nil || path.Ready() {
				t.Error("it can be sent to still")
			}
			if st := p.Stats(); st.Connections != 0 || st.Queued != 0 || st.TCPRefused != 0 {
				t.Errorf("left behind: %+v", st)
			}
		})
	}
}
