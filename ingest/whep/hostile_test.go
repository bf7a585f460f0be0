package whep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestLyingServer: one that answers well, and then sends what nobody can have
// sealed, by the thousand. Its own pull comes to nothing, and can be ended.
func TestLyingServer(t *testing.T) {
	conn, err := net.ListenPacket("udp", loopback)
	if err != nil {
		t.Fatal(err)
	}
	flooded := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() { flood(conn, flooded) })
	defer work.Wait()
	defer func() { _ = conn.Close() }()
	_, port, _ := net.SplitHostPort(conn.LocalAddr().String())
	lines := []string{
		"v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1", "a=ice-ufrag:abcd",
		"a=ice-pwd:abcdefghijklmnopqrstuvwx", "a=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat("AB:", 32), ":"), "a=setup:passive",
		"m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", "a=mid:0", "a=sendonly", "a=rtcp-mux", "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=1",
	}
	for i := range 40 { // more than are tried
		lines = append(lines, fmt.Sprintf("a=candidate:1 1 udp 1 127.0.0.%d %s typ host", 40-i, port))
	}
	lines = append(lines, "m=audio 0 UDP/TLS/RTP/SAVPF 0", "c=IN IP4 0.0.0.0", "a=inactive", "")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.Header().Set("Location", "/s")
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(strings.Replace(strings.Join(lines, "\r\n"), "127.0.0.40", "127.0.0.1", 1)))
		}
	}))
	defer server.Close()
	p := pull(t, server.URL, slog.New(slog.DiscardHandler))
	select {
	case <-flooded:
	case err := <-p.done:
		t.Fatalf("ended by %v", err)
	case <-time.After(20 * time.Second):
		t.Fatal("the server was never looked for")
	}
	if streams := p.hub.Streams(); len(streams) != 0 {
		t.Errorf("there is a stream: %+v", streams)
	}
	if err := p.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("ended by %v", err)
	}
}

// flood answers the first check with junk of every kind: STUN that claims to be an
// answer, DTLS, RTP and RTCP.
func flood(conn net.PacketConn, done chan struct{}) {
	check := make([]byte, 1500)
	n, peer, err := conn.ReadFrom(check)
	if err != nil {
		return
	}
	check = check[:n]
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		junk := make([]byte, 20+random.IntN(1180))
		for i := range junk {
			junk[i] = byte(random.Uint32())
		}
		switch random.IntN(4) {
		case 0: // an answer to the check, signed by nobody
			junk = append(junk[:0], check...)
			junk[0], junk[1] = 1, 1
		case 1:
			junk[0], junk[1], junk[2] = 22, 254, 253
		case 2:
			junk[0] = 0x80
		default:
			junk[0], junk[1] = 0x80, 201
		}
		if _, err := conn.WriteTo(junk, peer); err != nil {
			break
		}
	}
	close(done)
}
