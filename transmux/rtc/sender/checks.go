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
	// peerReflexivePriority is RFC 8445 section 5.1.2.1's with the recommended preference.
	peerReflexivePriority = 110<<24 | 65535<<8 | 255
)

// checks is the state of an endpoint's connectivity checks. It is guarded by
// Endpoint.mu.
type checks struct {
	pending   [pendingChecks]pendingCheck
	oldest    int
	heard     time.Time // the last consent, or the first valid request
	next      time.Time // when to ask for consent again
	nominated bool
	roundTrip time.Duration
}

// pendingCheck is a check that has not been answered.
type pendingCheck struct {
	id   [stun.TransactionIDSize]byte
	sent time.Time // zero: none
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
		e.takeConsent(m)
	}
}

// answerCheck answers a check at once and sends one back in the same moment
// (RFC 8445 section 7.3.1.4), so that a viewer that controls has its pair
// within a round trip.
func (e *Endpoint) answerCheck(m *stun.Message, from port.Path) {
	integrity := stun.NewShortTermIntegrity(e.pwd)
	if integrity.Check(m) != nil {
		return // somebody guessing: RFC 8489 would answer 401, silence tells less
	}
	var username stun.Username
	if username.GetFrom(m) != nil || username.String() != e.ufrag+":"+e.remote.Ufrag {
		return
	}
	// The offerer controls (RFC 8445 section 6.1.1); one that thinks otherwise is
	// told to switch.
	if m.Contains(stun.AttrICEControlled) {
		e.reply(from, m, stun.BindingError, stun.CodeRoleConflict, integrity)
		return
	}
	if !e.learn(from) {
		return
	}
	e.reply(from, m, stun.BindingSuccess, mapped(from.Remote), integrity)

	e.mu.Lock()
	nominates := m.Contains(stun.AttrUseCandidate)
	if e.checks.heard.IsZero() {
		e.checks.heard = time.Now()
	}
	// Until one is nominated any path that works is as good as another.
	takes := nominates || !e.checks.nominated && e.path.Load() == nil
	e.checks.nominated = e.checks.nominated || nominates
	e.mu.Unlock()
	if takes {
		e.use(from)
	}
	e.check(from, time.Now())
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

// check asks over the path, as the controlled side.
func (e *Endpoint) check(to port.Path, now time.Time) {
	var id [stun.TransactionIDSize]byte
	_, _ = rand.Read(id[:]) // never fails (crypto/rand)
	e.mu.Lock()
	e.checks.pending[e.checks.oldest] = pendingCheck{id, now}
	e.checks.oldest = (e.checks.oldest + 1) % pendingChecks
	// 4 to 6 s, so that viewers who joined at once do not stay in step.
	e.checks.next = now.Add(consentInterval*4/5 + mathrand.N(consentInterval*2/5))
	e.mu.Unlock()
	m, err := stun.Build(
		stun.NewTransactionIDSetter(id), stun.BindingRequest,
		stun.NewUsername(e.remote.Ufrag+":"+e.ufrag),
		number32(stun.AttrPriority, peerReflexivePriority),
		// A tie-breaker of zero loses every conflict: we stay controlled.
		&stun.RawAttribute{Type: stun.AttrICEControlled, Value: make([]byte, 8)},
		stun.NewShortTermIntegrity(e.remote.Pwd), stun.Fingerprint,
	)
	if err == nil {
		_ = e.room.send(&to, m.Raw)
	}
}

func number32(t stun.AttrType, v uint32) *stun.RawAttribute {
	return &stun.RawAttribute{Type: t, Value: binary.BigEndian.AppendUint32(nil, v)}
}

func (e *Endpoint) takeConsent(m *stun.Message) {
	if stun.NewShortTermIntegrity(e.remote.Pwd).Check(m) != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, check := range e.checks.pending {
		if check.id == m.TransactionID && !check.sent.IsZero() {
			e.checks.pending[i] = pendingCheck{}
			e.checks.heard = time.Now()
			e.checks.roundTrip = e.checks.heard.Sub(check.sent)
		}
	}
}

// RoundTrip is how long the last answered check took; zero before the first.
func (e *Endpoint) RoundTrip() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.checks.roundTrip
}

// tick does what is due.
func (e *Endpoint) tick(now time.Time) {
	e.mu.Lock()
	heard, next := e.checks.heard, e.checks.next
	e.mu.Unlock()
	path := e.path.Load()
	switch {
	case e.keys.Load() == nil && now.Sub(e.opened) > connectTimeout:
		if heard.IsZero() {
			e.Close(ErrUnreachable)
		} else {
			e.Close(ErrHandshake)
		}
	case !heard.IsZero() && now.Sub(heard) > consentExpiry:
		e.Close(ErrConsent)
	case path != nil && now.After(next):
		e.check(*path, now)
	}
}
