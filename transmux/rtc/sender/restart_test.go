package sender

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v3"
)

// nominate is what a viewer that controls says with its check.
var nominate = &stun.RawAttribute{Type: stun.AttrUseCandidate}

const wait = 5 * time.Second

// ask sends a check under our credentials and the viewer's fragment.
func (s *socket) ask(ours Local, theirs string, also ...stun.Setter) {
	s.t.Helper()
	setters := append([]stun.Setter{stun.NewUsername(ours.Ufrag + ":" + theirs)}, also...)
	s.send(append(setters, stun.NewShortTermIntegrity(ours.Pwd), stun.Fingerprint)...)
}

// answered wants the next message to be the answer to a check, and the one after
// it a check of the endpoint's, which it returns.
func (s *socket) answered() *stun.Message {
	s.t.Helper()
	if m := s.read(wait); m == nil || m.Type != stun.BindingSuccess {
		s.t.Fatalf("answered with %v", m)
	}
	back := s.read(wait)
	if back == nil || back.Type != stun.BindingRequest {
		s.t.Fatalf("sent back %v", back)
	}
	return back
}

// reply answers a check of the endpoint's.
func (s *socket) reply(to *stun.Message, pwd string, kind stun.MessageType, also ...stun.Setter) {
	s.t.Helper()
	setters := append([]stun.Setter{stun.NewTransactionIDSetter(to.TransactionID), kind}, also...)
	m, err := stun.Build(append(setters, stun.NewShortTermIntegrity(pwd), stun.Fingerprint)...)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.conn.Write(m.Raw); err != nil {
		s.t.Fatal(err)
	}
}

func (s *socket) addr() netip.AddrPort {
	return netip.MustParseAddrPort(s.conn.LocalAddr().String())
}

// await waits until a check has been taken, which nothing is sent for.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(wait)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within %v", what, wait)
		case <-time.After(time.Millisecond):
		}
	}
}

func TestRestartGoesBesideTheOldPair(t *testing.T) {
	r := newRoom(t)
	e, _ := open(t, r)
	first := e.Local()
	home, away := dial(t, r), dial(t, r)
	home.ask(first, "view", nominate)
	home.answered()

	second, err := e.Restart("moved", "another password of the viewer's")
	if err != nil {
		t.Fatal(err)
	}
	if second.Ufrag == first.Ufrag || second.Pwd == first.Pwd || second.Fingerprint != first.Fingerprint {
		t.Errorf("%+v came after %+v", second, first)
	}
	if e.RemoteUfrag() != "moved" {
		t.Errorf("the peer is %q", e.RemoteUfrag())
	}
	away.ask(second, "moved")
	if back := away.answered(); stun.NewShortTermIntegrity("another password of the viewer's").Check(back) != nil {
		t.Error("the check back is not under the new password")
	}
	if e.Remote() != home.addr() {
		t.Error("media moved before the new path was nominated")
	}
	home.ask(first, "view")
	home.answered() // the old pair is alive

	away.ask(second, "moved", nominate)
	away.answered()
	if e.Remote() != away.addr() {
		t.Errorf("media goes to %v, the viewer is at %v", e.Remote(), away.addr())
	}
	home.ask(first, "view") // over
	away.ask(second, "moved")
	away.answered()
	if m := home.read(50 * time.Millisecond); m != nil {
		t.Errorf("the old credentials are answered with %v", m)
	}
}

func TestOnlyTheLastRestartCounts(t *testing.T) {
	r := newRoom(t)
	e, _ := open(t, r)
	lost, err := e.Restart("lost", "the first password of two")
	if err != nil {
		t.Fatal(err)
	}
	last, err := e.Restart("last", "the second password of two")
	if err != nil {
		t.Fatal(err)
	}
	s := dial(t, r)
	s.ask(lost, "lost", nominate)
	s.ask(last, "last", nominate)
	s.answered() // only once
	if m := s.read(50 * time.Millisecond); m != nil {
		t.Errorf("the forgotten restart is answered with %v", m)
	}
}

func TestNoRestartAfterTheEnd(t *testing.T) {
	r := newRoom(t)
	e, _ := open(t, r)
	pending, err := e.Restart("more", "a password of twenty-two and more")
	if err != nil {
		t.Fatal(err)
	}
	e.Close(ErrLeft)
	if _, err := e.Restart("late", "a password of twenty-two and more"); !errors.Is(err, ErrClosed) {
		t.Errorf("it gives %v", err)
	}
	for _, ufrag := range []string{e.Local().Ufrag, pending.Ufrag} {
		if err := r.port.Claim(ufrag, e); err != nil {
			t.Errorf("a fragment of the closed endpoint is still claimed: %v", err)
		}
	}
}

func TestWeNominateWhereTheOfferIsOurs(t *testing.T) {
	r := newRoom(t)
	e, err := r.Offer(func(*Endpoint) Events { return &events{} })
	if err != nil {
		t.Fatal(err)
	}
	s := dial(t, r)
	s.ask(e.Local(), "view")
	if m := s.read(50 * time.Millisecond); m != nil {
		t.Errorf("before the answer a check is answered with %v", m)
	}
	if err := e.Answer(viewer); err != nil {
		t.Fatal(err)
	}
	if err := e.Answer(viewer); !errors.Is(err, ErrClosed) {
		t.Errorf("a second answer gives %v", err)
	}
	controlled := &stun.RawAttribute{Type: stun.AttrICEControlled, Value: make([]byte, 8)}
	s.ask(e.Local(), "view", controlled)
	check := s.answered()
	if !check.Contains(stun.AttrICEControlling) || check.Contains(stun.AttrUseCandidate) {
		t.Errorf("the first check is %v", check)
	}
	s.reply(check, viewer.Pwd, stun.BindingSuccess)
	check = s.read(wait)
	if check == nil || !check.Contains(stun.AttrUseCandidate) || !check.Contains(stun.AttrICEControlling) {
		t.Fatalf("the path is nominated with %v", check)
	}
	s.reply(check, viewer.Pwd, stun.BindingSuccess)
	await(t, "the pair is settled", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.ice.nominated
	})
	// A peer that sends a check back for every one, as we do, must not be asked for ever.
	for range 3 {
		s.ask(e.Local(), "view", controlled)
		if m := s.read(wait); m == nil || m.Type != stun.BindingSuccess {
			t.Fatalf("a check over the path that is settled leads to %v", m)
		}
	}
}

func TestRoleConflicts(t *testing.T) {
	for name, conflict := range map[string]func(*socket, *Endpoint){
		"the peer's check says so": func(s *socket, e *Endpoint) {
			s.ask(e.Local(), "view", &stun.RawAttribute{Type: stun.AttrICEControlling, Value: []byte{1, 2, 3, 4, 5, 6, 7, 8}})
		},
		"the peer's answer says so": func(s *socket, e *Endpoint) {
			s.ask(e.Local(), "view")
			s.reply(s.answered(), viewer.Pwd, stun.BindingError, stun.CodeRoleConflict)
			s.ask(e.Local(), "view")
			s.read(wait) // the check that came again, as the controlled side
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t)
			e, err := r.Offer(func(*Endpoint) Events { return &events{} })
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Answer(viewer); err != nil {
				t.Fatal(err)
			}
			s := dial(t, r)
			conflict(s, e)
			if check := s.answered(); !check.Contains(stun.AttrICEControlled) {
				t.Errorf("it did not give in: %v", check)
			}
		})
	}
}

func TestAnOfferIsNotKeptForEver(t *testing.T) {
	r := newRoom(t)
	seen := &events{}
	e, err := r.Offer(func(*Endpoint) Events { return seen })
	if err != nil {
		t.Fatal(err)
	}
	e.tick(time.Now().Add(offerLife - time.Second))
	if seen.closed() != nil {
		t.Error("it ends before its time")
	}
	e.tick(time.Now().Add(offerLife + time.Second))
	if err := seen.closed(); !errors.Is(err, ErrUnanswered) {
		t.Errorf("it ends with %v", err)
	}
	if err := e.Answer(viewer); !errors.Is(err, ErrClosed) {
		t.Errorf("an answer that comes late gives %v", err)
	}
}
