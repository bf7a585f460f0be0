package sender

import (
	"crypto/rand"
	"encoding/binary"
	mathrand "math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/pion/stun/v3"

	"millrace/transmux/rtc/port"
)

const (
	// consentExpiry and the interval of 4 to 6 s are RFC 7675 section 5.1's.
	consentExpiry   = 30 * time.Second
	consentInterval = 5 * time.Second
	// pendingChecks bounds the checks whose answer we wait for: one a path and
	// the last few for consent.
	pendingChecks = 8
	// pathSilence is how long the path that we nominated may be silent, while
	// another one is not, before that one is nominated: one lost answer.
	pathSilence = 2 * consentInterval
	// vouched is for how long an answer over the path that we nominated makes up for a
	// check back: pion, where it is controlled, sends one back for every check as we do,
	// and the two would go on for ever, as fast as they can.
	vouched = consentInterval
	// peerReflexivePriority is RFC 8445 section 5.1.2.1's with the recommended preference.
	peerReflexivePriority = 110<<24 | 65535<<8 | 255
)

// checks is the state of an endpoint's connectivity checks. It is guarded by
// Endpoint.mu.
type checks struct {
	pending   [pendingChecks]pendingCheck
	oldest    int
	sought    []pendingCheck // see Seek
	heard     time.Time      // the last consent, or the first valid request
	reached   time.Time      // the first valid request
	onPath    time.Time      // the last consent on the path that media takes
	next      time.Time      // when to ask for consent again
	roundTrip time.Duration
	// controlling is true of the side that nominates.
	controlling bool
	rival       rival
}

// pendingCheck is a check that has not been answered.
type pendingCheck struct {
	id          [stun.TransactionIDSize]byte
	sent        time.Time // zero: none
	generation  *generation
	path        port.Path
	controlling bool // as who it was sent
	nominates   bool
}

func (e *Endpoint) receiveSTUN(packet []byte, from port.Path) {
	m := &stun.Message{Raw: append([]byte(nil), packet...)}
	if m.Decode() != nil {
		return
	}
	switch m.Type {
	case stun.BindingRequest:
		e.answerCheck(m, from)
	case stun.BindingSuccess:
		e.takeConsent(m, from)
	case stun.BindingError:
		e.takeRefusal(m)
	}
}

// answerCheck answers a check at once and sends one back in the same moment
// (RFC 8445 section 7.3.1.4), so that a viewer that controls has its pair
// within a round trip.
func (e *Endpoint) answerCheck(m *stun.Message, from port.Path) {
	var username stun.Username
	if username.GetFrom(m) != nil {
		return
	}
	g := e.generationOf(username.String())
	if g == nil {
		return
	}
	integrity := stun.NewShortTermIntegrity(g.pwd)
	if integrity.Check(m) != nil {
		return // somebody guessing: RFC 8489 would answer 401, silence tells less
	}
	if !e.agree(m) {
		e.reply(from, m, stun.BindingError, stun.CodeRoleConflict, integrity)
		return
	}
	e.learn(g, from)
	e.reply(from, m, stun.BindingSuccess, mapped(from.Remote), integrity)

	e.mu.Lock()
	if e.checks.heard.IsZero() {
		e.checks.heard = time.Now()
		e.checks.reached = e.checks.heard
	}
	nominates := m.Contains(stun.AttrUseCandidate) && !e.checks.controlling
	// Until one is nominated any path that works is as good as another.
	first := !e.ice.nominated && e.path.Load() == nil
	e.mu.Unlock()
	now := time.Now()
	used := e.path.Load()
	switch {
	case nominates && (e.keys.Load() == nil || used == nil || *used == from):
		e.settle(g, from)
	case first:
		e.use(from)
	default:
		e.contest(g, from, nominates, now)
	}
	if !e.settled(g, from, now) {
		e.check(g, from, now, false)
	}
}

// settled says that media takes the path, that we nominated it, and that a check over it
// has just been answered: there is nothing more to find out.
func (e *Endpoint) settled(g *generation, path port.Path, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	used := e.path.Load()
	return e.checks.controlling && g == e.ice && g.nominated && used != nil && *used == path && now.Sub(e.checks.onPath) < vouched
}

// agree settles who controls (RFC 8445 section 7.3.1.1). Our tie-breaker is zero
// and loses every conflict, so that the peer's view always wins: one that believes
// to be controlled as we are is told to switch, one that controls as we do makes
// us the controlled side.
func (e *Endpoint) agree(m *stun.Message) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.checks.controlling {
		e.checks.controlling = !m.Contains(stun.AttrICEControlling)
		return true
	}
	return !m.Contains(stun.AttrICEControlled)
}

func mapped(remote netip.AddrPort) *stun.XORMappedAddress {
	return &stun.XORMappedAddress{IP: net.IP(remote.Addr().AsSlice()), Port: int(remote.Port())}
}

func (e *Endpoint) reply(to port.Path, request *stun.Message, kind stun.MessageType, content, integrity stun.Setter) {
	m, err := stun.Build(stun.NewTransactionIDSetter(request.TransactionID), kind, content, integrity, stun.Fingerprint)
	if err == nil {
		_ = e.room.send(&to, m.Raw) // the viewer asks again
	}
}

// check asks over the path; the side that controls may nominate it with that.
func (e *Endpoint) check(g *generation, to port.Path, now time.Time, nominate bool) {
	c := pendingCheck{sent: now, generation: g, path: to, nominates: nominate}
	_, _ = rand.Read(c.id[:]) // never fails (crypto/rand)
	e.mu.Lock()
	c.controlling = e.checks.controlling
	e.checks.pending[e.checks.oldest] = c
	e.checks.oldest = (e.checks.oldest + 1) % pendingChecks
	// 4 to 6 s, so that viewers who joined at once do not stay in step.
	e.checks.next = now.Add(consentInterval*4/5 + mathrand.N(consentInterval*2/5))
	e.mu.Unlock()
	e.ask(&c)
}

// ask sends a check.
func (e *Endpoint) ask(c *pendingCheck) {
	g := c.generation
	role := stun.AttrICEControlled
	if c.controlling {
		role = stun.AttrICEControlling
	}
	setters := []stun.Setter{
		stun.NewTransactionIDSetter(c.id), stun.BindingRequest,
		stun.NewUsername(g.peer.Ufrag + ":" + g.ufrag),
		number32(stun.AttrPriority, peerReflexivePriority),
		&stun.RawAttribute{Type: role, Value: make([]byte, 8)}, // the tie-breaker: see agree
	}
	if c.nominates && c.controlling {
		setters = append(setters, &stun.RawAttribute{Type: stun.AttrUseCandidate})
	}
	m, err := stun.Build(append(setters, stun.NewShortTermIntegrity(g.peer.Pwd), stun.Fingerprint)...)
	if err == nil {
		_ = e.room.send(&c.path, m.Raw)
	}
}

func number32(t stun.AttrType, v uint32) *stun.RawAttribute {
	return &stun.RawAttribute{Type: t, Value: binary.BigEndian.AppendUint32(nil, v)}
}

// answered is the check that the message answers, once; false if none is.
func (e *Endpoint) answered(m *stun.Message) (pendingCheck, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, checks := range [][]pendingCheck{e.checks.pending[:], e.checks.sought} {
		for i, c := range checks {
			if c.id != m.TransactionID || c.sent.IsZero() || stun.NewShortTermIntegrity(c.generation.peer.Pwd).Check(m) != nil {
				continue
			}
			checks[i] = pendingCheck{}
			return c, true
		}
	}
	return pendingCheck{}, false
}

// takeConsent takes the answer to a check: consent to send, and, on the side that
// controls, a path that works both ways and may be nominated (RFC 8445 section
// 8.1.1).
func (e *Endpoint) takeConsent(m *stun.Message, from port.Path) {
	c, ok := e.answered(m)
	if !ok {
		return
	}
	if !c.path.Local.IsValid() && c.path.Remote == from.Remote {
		c.path = from // we asked before we knew from which of our addresses that goes
	}
	now := time.Now()
	path := e.path.Load()
	e.mu.Lock()
	e.checks.heard = now
	e.checks.roundTrip = now.Sub(c.sent)
	if path == nil || *path == c.path {
		e.checks.onPath = now
	}
	// One is nominated; another one where that has gone silent.
	nominate := e.checks.controlling && !c.nominates && (!c.generation.nominated || now.Sub(e.checks.onPath) > pathSilence)
	e.mu.Unlock()
	switch {
	case c.nominates && c.controlling:
		e.settle(c.generation, c.path)
	case nominate:
		e.check(c.generation, c.path, now, true)
	}
	e.weigh(c)
	e.greet()
}

// takeRefusal takes the answer that two sides control: the peer stays, we give
// in (RFC 8445 section 7.2.5.1) and ask again.
func (e *Endpoint) takeRefusal(m *stun.Message) {
	var code stun.ErrorCodeAttribute
	if code.GetFrom(m) != nil || code.Code != stun.CodeRoleConflict {
		return
	}
	c, ok := e.answered(m)
	if !ok || !c.controlling {
		return
	}
	e.mu.Lock()
	e.checks.controlling = false
	e.mu.Unlock()
	e.check(c.generation, c.path, time.Now(), false)
}
