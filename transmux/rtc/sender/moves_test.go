package sender

import (
	"testing"
	"time"

	"github.com/pion/stun/v3"
)

// settled is an endpoint with keys and a viewer at home, and another socket.
func settled(t *testing.T) (e *Endpoint, home, away *socket) {
	t.Helper()
	r := newRoom(t)
	e, _ = open(t, r)
	home, away = dial(t, r), dial(t, r)
	home.ask(e.Local(), "view", nominate)
	home.reply(home.answered(), viewer.Pwd, stun.BindingSuccess)
	e.keys.Store(&keys{}) // as after a handshake
	return e, home, away
}

// goesTo wants media to go to a socket, soon or still.
func goesTo(t *testing.T, e *Endpoint, s *socket) {
	t.Helper()
	await(t, "media goes to the viewer", func() bool { return e.Remote() == s.addr() })
}

func TestANominatedPathIsTakenOnceItIsProved(t *testing.T) {
	e, home, away := settled(t)
	away.ask(e.Local(), "view", nominate)
	check := away.answered()
	if e.Remote() != home.addr() {
		t.Error("a stream can be turned on somebody by a check sent again")
	}
	away.reply(check, viewer.Pwd, stun.BindingSuccess)
	goesTo(t, e, away)
	home.ask(e.Local(), "view", nominate)
	home.reply(home.answered(), viewer.Pwd, stun.BindingSuccess)
	goesTo(t, e, home)
}

func TestAPathProvedBeforeItIsNominated(t *testing.T) {
	e, home, away := settled(t)
	away.ask(e.Local(), "view")
	away.reply(away.answered(), viewer.Pwd, stun.BindingSuccess)
	if probe := home.read(wait); probe == nil || probe.Type != stun.BindingRequest {
		t.Fatalf("the path in use is not asked: %v", probe)
	}
	await(t, "the answer is taken", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.checks.rival.proved
	})
	away.ask(e.Local(), "view", nominate)
	away.answered()
	goesTo(t, e, away)
}

// TestASpareIsLeftAlone checks from another address while the path in use lives.
func TestASpareIsLeftAlone(t *testing.T) {
	e, home, away := settled(t)
	now := time.Now()
	away.ask(e.Local(), "view")
	away.reply(away.answered(), viewer.Pwd, stun.BindingSuccess)
	home.reply(home.read(wait), viewer.Pwd, stun.BindingSuccess)
	await(t, "the doubt is over", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.checks.rival.since.IsZero()
	})
	e.tick(now.Add(pathPatience + time.Second))
	goesTo(t, e, home)
}

// TestANewAddressThatThePeerDoesNotKnowOf is what a NAT does that forgets: the
// same checks go on, from elsewhere, without a nomination.
func TestANewAddressThatThePeerDoesNotKnowOf(t *testing.T) {
	e, home, away := settled(t)
	now := time.Now()
	away.ask(e.Local(), "view")
	away.reply(away.answered(), viewer.Pwd, stun.BindingSuccess)
	await(t, "the answer is taken", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.checks.rival.proved
	})
	for at := probeInterval; at < pathPatience; at += probeInterval {
		e.tick(now.Add(at))
	}
	if e.Remote() != home.addr() {
		t.Error("the path in use was given up at once")
	}
	probes := 0
	for home.read(20*time.Millisecond) != nil {
		probes++
	}
	if probes < 3 {
		t.Errorf("the path in use was asked %d times", probes)
	}
	e.tick(now.Add(pathPatience + time.Second))
	goesTo(t, e, away)
}

func TestAnAddressThatDoesNotAnswerIsNotTaken(t *testing.T) {
	e, home, away := settled(t)
	now := time.Now()
	away.ask(e.Local(), "view")
	away.answered()
	e.tick(now.Add(pathPatience + time.Second))
	e.tick(now.Add(pathPatience + 2*time.Second))
	goesTo(t, e, home)
}

// TestMovingAgainAndAgain is a long journey.
func TestMovingAgainAndAgain(t *testing.T) {
	r := newRoom(t)
	e, _ := open(t, r)
	for range 2*maxRemotes + 1 {
		s := dial(t, r)
		s.ask(e.Local(), "view", nominate)
		s.reply(s.answered(), viewer.Pwd, stun.BindingSuccess)
		goesTo(t, e, s)
		e.keys.Store(&keys{})
	}
	if n := len(e.ice.remotes); n != maxRemotes {
		t.Errorf("%d addresses are kept", n)
	}
}
