package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"millrace/cmd/millrace/e2e/impair"
)

const patience = 20 * time.Second

// host is an endpoint that answers pings.
type host struct {
	*Endpoint
	mu    sync.Mutex
	links int
}

func serve(t *testing.T, id *Identity, noUDP bool) *host {
	t.Helper()
	e, err := Listen(Config{Address: "127.0.0.1:0", Identity: id, NoUDP: noUDP}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	h := &host{Endpoint: e}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		_ = e.Serve(ctx, func(_ context.Context, l *Link) {
			h.mu.Lock()
			h.links++
			h.mu.Unlock()
			_ = l.Run(func(m any) error {
				if p, ok := m.(*Ping); ok {
					return l.SendPong(Pong{Sent: p.Sent})
				}
				return nil
			})
		})
	})
	t.Cleanup(func() {
		cancel()
		work.Wait()
		e.Close()
	})
	return h
}

func (h *host) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.links
}

// ping dials and wants an answer.
func ping(t *testing.T, from *host, address string) (*Link, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	l, err := from.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer l.Close(nil)
	stop := l.closeOn(ctx)
	defer stop()
	if err := l.SendPing(Ping{Sent: 5}); err != nil {
		return l, err
	}
	answered := false
	err = l.Run(func(m any) error {
		p, ok := m.(*Pong)
		answered = ok && p.Sent == 5
		return ErrClosed
	})
	if answered {
		err = nil
	}
	return l, err
}

func TestDial(t *testing.T) {
	id := identity(t, 'a')
	a, b := serve(t, id, false), serve(t, id, false)
	l, err := ping(t, a, b.Addr().String())
	if err != nil || l.Transport != "quic" {
		t.Fatal(l, err)
	}
	noUDP := serve(t, id, true)
	if l, err = ping(t, noUDP, b.Addr().String()); err != nil || l.Transport != "tcp" {
		t.Fatal(l, err)
	}
}

// TestNobodyThere: a process that is gone is noticed soon.
func TestNobodyThere(t *testing.T) {
	a := serve(t, identity(t, 'a'), false)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	begun := time.Now()
	if _, err := ping(t, a, l.Addr().String()); err == nil {
		t.Fatal("somebody is there")
	}
	t.Logf("noticed after %v", time.Since(begun).Round(time.Millisecond))
}

// TestTCPWhereUDPIsBlocked: found out by itself, and remembered.
func TestTCPWhereUDPIsBlocked(t *testing.T) {
	id := identity(t, 'a')
	a, b := serve(t, id, false), serve(t, id, false)
	// The same number on another address: UDP goes through a proxy that loses all,
	// TCP through one that does not.
	at := netip.MustParseAddrPort(b.Addr().String())
	proxy, err := impair.Listen(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), at.Port()).String(), at, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	proxy.ToServer(impair.Settings{Loss: 1})
	front, err := net.Listen("tcp", proxy.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	defer work.Wait()
	defer front.Close()
	work.Go(func() { carry(front, b.Addr().String(), &work) })
	for i := range 2 {
		begun := time.Now()
		l, err := ping(t, a, proxy.Addr().String())
		if err != nil || l.Transport != "tcp" {
			t.Fatal(i, l, err)
		}
		t.Logf("try %d took %v", i+1, time.Since(begun).Round(time.Millisecond))
	}
	if _, to := proxy.Counts(); !a.blocked(proxy.Addr().String()) || to.Packets == 0 {
		t.Error("it is not remembered")
	}
}

// carry is a TCP proxy.
func carry(front net.Listener, to string, work *sync.WaitGroup) {
	for {
		in, err := front.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", to)
		if err != nil {
			in.Close()
			continue
		}
		work.Go(func() { _, _ = io.Copy(out, in); out.Close(); in.Close() })
		work.Go(func() { _, _ = io.Copy(in, out); out.Close(); in.Close() })
	}
}

// TestStrangersGetNothing: not a link, not a byte of the protocol, over neither
// transport, in neither direction.
func TestStrangersGetNothing(t *testing.T) {
	ours, theirs := serve(t, identity(t, 'a'), false), serve(t, identity(t, 'b'), false)
	for _, tt := range []struct{ from, to *host }{{ours, theirs}, {theirs, ours}} {
		if _, err := ping(t, tt.from, tt.to.Addr().String()); err == nil {
			t.Error("linked with another secret")
		}
	}
	// Somebody without any certificate, and somebody who does not look at ours.
	for name, change := range map[string]func(*tls.Config){
		"none":    func(c *tls.Config) { c.Certificates = nil },
		"foreign": func(c *tls.Config) { c.Certificates = []tls.Certificate{identity(t, 'b').certificate} },
	} {
		cfg := identity(t, 'b').client()
		cfg.VerifyPeerCertificate = nil
		change(cfg)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		conn, err := (&tls.Dialer{Config: cfg}).DialContext(ctx, "tcp", ours.Addr().String())
		if err == nil {
			_, _ = conn.Write(Encode(&Query{"live/a"}))
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			var n int
			n, err = conn.Read(make([]byte, 1))
			if n > 0 {
				t.Errorf("%s: heard something", name)
			}
			conn.Close()
		}
		if err == nil {
			t.Errorf("%s: let in over TCP", name)
		}
		q, err := quic.DialAddr(ctx, ours.Addr().String(), cfg, quicConfig())
		if err != nil {
			continue
		}
		s, err := q.OpenStream()
		if err == nil {
			_, _ = s.Write(Encode(&Query{"live/a"}))
			_ = s.SetReadDeadline(time.Now().Add(patience))
			var n int
			n, err = s.Read(make([]byte, 1))
			if n > 0 {
				t.Errorf("%s: heard something over QUIC", name)
			}
		}
		if err == nil {
			t.Errorf("%s: let in over QUIC", name)
		}
		_ = q.CloseWithError(0, "")
	}
	if ours.count()+theirs.count() != 0 {
		t.Errorf("%d links", ours.count()+theirs.count())
	}
}

// TestMalformedEndsTheLink, and only that.
func TestMalformedEndsTheLink(t *testing.T) {
	id := identity(t, 'a')
	for _, noUDP := range []bool{false, true} {
		a, b := serve(t, id, noUDP), serve(t, id, noUDP)
		l, err := a.Dial(t.Context(), b.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if err := l.pipe.control(appendMessage(nil, TypeHello, []byte("{"))); err != nil {
			t.Fatal(err)
		}
		if err := l.Run(func(any) error { return nil }); err == nil || errors.Is(err, ErrClosed) {
			t.Errorf("ended with %v", err)
		}
		if _, err := ping(t, a, b.Addr().String()); err != nil {
			t.Error(err)
		}
	}
}
