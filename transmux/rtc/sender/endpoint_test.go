package sender

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v3"
	"go.uber.org/goleak"

	"millrace/transmux/rtc/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// events records what an endpoint tells its owner.
type events struct {
	mu    sync.Mutex
	cause error
}

func (*events) Connected()              {}
func (*events) Feedback([]byte)         {}
func (*events) Media([]byte, time.Time) {}
func (e *events) Closed(cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cause = cause
}

func (e *events) closed() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cause
}

func newRoom(t *testing.T) *Room {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	p, err := port.Listen(port.Config{Address: "127.0.0.1:0"}, log)
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

var viewer = Remote{Ufrag: "view", Pwd: "a password of the viewer's", Fingerprint: "sha-256 00"}

func open(t *testing.T, r *Room) (*Endpoint, *events) {
	t.Helper()
	seen := &events{}
	e, err := r.Open(viewer, func(*Endpoint) Events { return seen })
	if err != nil {
		t.Fatal(err)
	}
	return e, seen
}

// socket is a viewer's, as far as ICE.
type socket struct {
	t    *testing.T
	conn *net.UDPConn
}

func dial(t *testing.T, r *Room) *socket {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.port.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &socket{t, conn}
}

func (s *socket) send(setters ...stun.Setter) {
	s.t.Helper()
	m, err := stun.Build(append([]stun.Setter{stun.TransactionID, stun.BindingRequest}, setters...)...)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.conn.Write(m.Raw); err != nil {
		s.t.Fatal(err)
	}
}

// read is the next STUN message, nil if none comes.
func (s *socket) read(wait time.Duration) *stun.Message {
	s.t.Helper()
	buf := make([]byte, 2000)
	_ = s.conn.SetReadDeadline(time.Now().Add(wait))
	n, err := s.conn.Read(buf)
	if err != nil {
		return nil
	}
	m := &stun.Message{Raw: buf[:n]}
	if err := m.Decode(); err != nil {
		s.t.Fatal(err)
	}
	return m
}

func TestChecksAreAnsweredAndSentBack(t *testing.T) {
	r := newRoom(t)
	e, _ := open(t, r)
	s := dial(t, r)
	s.send(stun.NewUsername(e.ice.ufrag+":view"), stun.NewShortTermIntegrity(e.ice.pwd), stun.Fingerprint)
	answer := s.read(5 * time.Second)
	if answer == nil || answer.Type != stun.BindingSuccess {
		t.Fatalf("answered with %v", answer)
	}
	var mapped stun.XORMappedAddress
	if err := mapped.GetFrom(answer); err != nil || mapped.Port != s.conn.LocalAddr().(*net.UDPAddr).Port {
		t.Errorf("mapped to %v: %v", mapped, err)
	}
	back := s.read(5 * time.Second)
	if back == nil || back.Type != stun.BindingRequest || stun.NewShortTermIntegrity(viewer.Pwd).Check(back) != nil {
		t.Fatalf("sent back %v", back)
	}
	if e.Remote() != netip.MustParseAddrPort(s.conn.LocalAddr().String()) {
		t.Errorf("the viewer is thought to be at %v", e.Remote())
	}
}

func TestStrangersGetNothing(t *testing.T) {
	r := newRoom(t)
	e, _ := open(t, r)
	s := dial(t, r)
	s.send(stun.NewUsername(e.ice.ufrag+":view"), stun.NewShortTermIntegrity("guessed"), stun.Fingerprint)
	s.send(stun.NewUsername(e.ice.ufrag+":else"), stun.NewShortTermIntegrity(e.ice.pwd), stun.Fingerprint)
	s.send(stun.NewUsername("nobody:view"), stun.NewShortTermIntegrity(e.ice.pwd), stun.Fingerprint)
	s.send()
	for _, raw := range [][]byte{{}, {0}, {22, 254, 253}, {0x80, 200}, make([]byte, 1500)} {
		_, _ = s.conn.Write(raw)
	}
	s.send(stun.NewUsername(e.ice.ufrag+":view"), &stun.RawAttribute{Type: stun.AttrICEControlled, Value: make([]byte, 8)},
		stun.NewShortTermIntegrity(e.ice.pwd), stun.Fingerprint)
	answer := s.read(5 * time.Second) // the first of all that is answered
	var code stun.ErrorCodeAttribute
	if answer == nil || code.GetFrom(answer) != nil || code.Code != stun.CodeRoleConflict {
		t.Errorf("answered with %v", answer)
	}
	if e.path.Load() != nil {
		t.Error("a stranger became the viewer")
	}
}

func TestEndpointsEndByThemselves(t *testing.T) {
	for name, test := range map[string]struct {
		checked bool
		after   time.Duration
		want    error
	}{
		"nobody came":          {false, connectTimeout + time.Second, ErrUnreachable},
		"no handshake":         {true, connectTimeout + time.Second, ErrHandshake},
		"consent ran out":      {true, consentExpiry + time.Second, ErrConsent},
		"there is time enough": {true, connectTimeout - time.Second, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t)
			e, seen := open(t, r)
			if test.checked {
				s := dial(t, r)
				s.send(stun.NewUsername(e.ice.ufrag+":view"), stun.NewShortTermIntegrity(e.ice.pwd), stun.Fingerprint)
				s.answered()
			}
			if errors.Is(test.want, ErrConsent) {
				e.keys.Store(&keys{}) // as after a handshake
			}
			e.tick(time.Now().Add(test.after))
			if err := seen.closed(); !errors.Is(err, test.want) {
				t.Errorf("it ended with %v, want %v", err, test.want)
			}
			if test.want != nil && r.Len() != 0 {
				t.Error("the room still holds it")
			}
		})
	}
}
