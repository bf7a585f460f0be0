package rtsp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// none is nobody: neither publishers nor viewers are let in, as err says.
type none struct{ err error }

func (n none) Announce(Peer, []Media) (Publication, error)                  { return nil, n.err }
func (n none) Describe(context.Context, Peer, func(error)) (Viewing, error) { return nil, n.err }

func refusing(status int, words string) none { return none{&Refusal{status, words, errors.New(words)}} }

func (n none) serve(t *testing.T, cfg Config) (server *Server, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(cfg, n, n, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		if err := s.Serve(ctx, Listener{TCP: l}); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		work.Wait()
		if st := s.Stats(); st.Connections != 0 || st.Waiting != 0 || st.Sessions != 0 {
			t.Errorf("left: %+v", st)
		}
	})
	return s, l.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// Connections that come to nothing are closed, one after its time and the oldest
// where there are too many.
func TestIdleConnections(t *testing.T) {
	_, address := none{}.serve(t, Config{MaxWaiting: 2, SetupTimeout: 2 * time.Second})
	var conns []net.Conn
	for range 3 {
		c := dial(t, address)
		conns = append(conns, c)
		_, _ = io.WriteString(c, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
		if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
			t.Fatalf("%q %v", line, err)
		}
	}
	for i, c := range conns {
		if _, err := io.ReadAll(c); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("connection %d: %v", i, err)
		}
	}
}

// Answers are in our name, in words, and on one line.
func TestRefusals(t *testing.T) {
	_, address := refusing(404, "live/a is not live:\r\nInjected: header").serve(t, Config{})
	c := dial(t, address)
	_, _ = io.WriteString(c, "DESCRIBE rtsp://x/live/a RTSP/1.0\r\nCSeq: 1\r\n\r\n")
	r := bufio.NewReader(c)
	var answer []string
	for {
		line, err := r.ReadString('\n')
		if line = strings.TrimSpace(line); err != nil || line == "" {
			break
		}
		answer = append(answer, line)
	}
	if len(answer) < 3 || answer[0] != "RTSP/1.0 404 live/a is not live:??Injected: header" || !strings.Contains(strings.Join(answer, "|"), "Server: millrace") {
		t.Errorf("%q", answer)
	}
}

// Who guesses too often is shown out.
func TestGuesses(t *testing.T) {
	s, address := refusing(401, "no").serve(t, Config{})
	c := dial(t, address)
	r := bufio.NewReader(c)
	for n := range maxChallenges + 1 {
		_, _ = io.WriteString(c, "DESCRIBE rtsp://x/a RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Basic YTpi\r\n\r\n")
		digest := false
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				if n < maxChallenges {
					t.Fatalf("guess %d: %v", n, err)
				}
				break
			}
			digest = digest || strings.HasPrefix(line, "WWW-Authenticate: Digest realm=\"millrace\"")
			if line == "\r\n" {
				break
			}
		}
		if n < maxChallenges && !digest {
			t.Errorf("guess %d: no challenge", n)
		}
	}
	if n := s.Stats().Denied; n != maxChallenges {
		t.Errorf("%d denied", n)
	}
}

func TestListenPair(t *testing.T) {
	p, err := ListenPair("127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	rtp, rtcp := p.ports()
	if rtp%2 != 0 || rtcp != rtp+1 {
		t.Errorf("%d and %d", rtp, rtcp)
	}
	if _, err := ListenPair("127.0.0.1", rtp); err == nil {
		t.Error("opened twice")
	}
}
