package sender

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v3"

	"millrace/transmux/rtc/port"
)

func newRoomTCP(t *testing.T) *Room {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	p, err := port.Listen(port.Config{Address: "127.0.0.1:0", TCP: true}, log)
	if err != nil {
		t.Fatal(err)
	}
	r := New(p, log)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { _ = p.Serve(ctx) })
	work.Go(func() { _ = r.Serve(ctx) })
	t.Cleanup(func() { cancel(); work.Wait() })
	return r
}

// connection is a viewer's, as far as ICE.
type connection struct {
	t *testing.T
	net.Conn
}

func connect(t *testing.T, r *Room) connection {
	t.Helper()
	conn, err := net.Dial("tcp", r.port.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return connection{t, conn}
}

func (c connection) write(packet []byte) {
	c.t.Helper()
	if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packet))), packet...)); err != nil {
		c.t.Fatal(err)
	}
}

func (c connection) read() *stun.Message {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(wait))
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		c.t.Fatal(err)
	}
	m := &stun.Message{Raw: make([]byte, binary.BigEndian.Uint16(size[:]))}
	if _, err := io.ReadFull(c, m.Raw); err != nil {
		c.t.Fatal(err)
	}
	if err := m.Decode(); err != nil {
		c.t.Fatal(err)
	}
	return m
}

// nominate makes the connection the path: a check there and back.
func (c connection) nominate(e *Endpoint) {
	c.t.Helper()
	ours := e.Local()
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(ours.Ufrag+":view"), nominate,
		stun.NewShortTermIntegrity(ours.Pwd), stun.Fingerprint)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(m.Raw)
	if answer := c.read(); answer.Type != stun.BindingSuccess {
		c.t.Fatalf("answered with %v", answer)
	}
	check := c.read()
	if m, err = stun.Build(stun.NewTransactionIDSetter(check.TransactionID), stun.BindingSuccess,
		stun.NewShortTermIntegrity(viewer.Pwd), stun.Fingerprint); err != nil {
		c.t.Fatal(err)
	}
	c.write(m.Raw)
	await(c.t, "media goes over the connection", func() bool {
		path := e.path.Load()
		return path != nil && path.TCP() && path.Remote.String() == c.LocalAddr().String()
	})
}

func TestCandidatesOfBothKinds(t *testing.T) {
	r := newRoomTCP(t)
	lines := r.Candidates(r.port.Addr().Addr())
	if len(lines) != 2 || !strings.Contains(lines[0], " udp ") || !strings.HasSuffix(lines[1], " typ host tcptype passive") {
		t.Errorf("named %q", lines)
	}
}

func TestAViewerWhoseConnectionBreaksHasTimeForAnother(t *testing.T) {
	r := newRoomTCP(t)
	e, seen := open(t, r)
	first := connect(t, r)
	first.nominate(e)
	e.keys.Store(&keys{}) // as after a handshake
	_ = first.Close()
	await(t, "the loss is noticed", func() bool { return e.path.Load().Gone() })
	if b := r.Burst(); b.To(e) {
		t.Error("media would go nowhere")
	}
	second := connect(t, r)
	second.nominate(e)
	e.tick(time.Now().Add(lostGrace + time.Second))
	if err := seen.closed(); err != nil {
		t.Errorf("it ended with %v though the viewer came back", err)
	}
	_ = second.Close()
	await(t, "the loss is noticed", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return time.Since(e.checks.heard) > consentExpiry/2
	})
	e.tick(time.Now().Add(lostGrace - time.Second))
	if err := seen.closed(); err != nil {
		t.Errorf("it ended with %v before its time", err)
	}
	e.tick(time.Now().Add(lostGrace + time.Second))
	if err := seen.closed(); !errors.Is(err, ErrConsent) {
		t.Errorf("it ended with %v", err)
	}
}

// TestFromTCPToUDP is a network that begins to let UDP through, or a client that
// finds out late that it does.
func TestFromTCPToUDP(t *testing.T) {
	r := newRoomTCP(t)
	e, _ := open(t, r)
	c := connect(t, r)
	c.nominate(e)
	e.keys.Store(&keys{})
	s := dial(t, r)
	s.ask(e.Local(), "view", nominate)
	s.reply(s.answered(), viewer.Pwd, stun.BindingSuccess)
	await(t, "media goes over UDP", func() bool { return !e.path.Load().TCP() })
	e.Close(ErrLeft)
	_ = c.SetReadDeadline(time.Now().Add(wait))
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Errorf("the connection is not closed with the endpoint: %v", err)
	}
}
