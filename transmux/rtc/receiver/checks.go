package receiver

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	mathrand "math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/stun/v3"
)

const (
	// checkInterval is between checks until one is answered.
	checkInterval = 100 * time.Millisecond
	// consentInterval, give or take a fifth, and consentExpiry are RFC 7675
	// section 5.1's.
	consentInterval = 5 * time.Second
	consentExpiry   = 30 * time.Second
	// pendingChecks is how many of the last checks may still be answered.
	pendingChecks = 8
	// priority is that of a peer-reflexive candidate (RFC 8445 section 7.1.1).
	priority = 110<<24 | 65535<<8 | 255
)

// checks is the state of a viewer's connectivity checks. It is guarded by
// Viewer.mu.
type checks struct {
	pending [pendingChecks][stun.TransactionIDSize]byte
	oldest  int
	heard   time.Time // the last answer; zero before the first
	next    time.Time // when consent is asked for again
}

// check asks until the server answers.
func (v *Viewer) check(ctx context.Context) error {
	again := time.NewTicker(checkInterval)
	defer again.Stop()
	for {
		v.ask(time.Now())
		select {
		case <-v.checked:
			return nil
		case <-again.C:
		case <-ctx.Done():
			return ErrUnreachable
		}
	}
}

// ask sends a check that nominates the pair at once: there is but one.
func (v *Viewer) ask(now time.Time) {
	var id [stun.TransactionIDSize]byte
	_, _ = rand.Read(id[:]) // never fails (crypto/rand)
	v.mu.Lock()
	v.checks.pending[v.checks.oldest] = id
	v.checks.oldest = (v.checks.oldest + 1) % pendingChecks
	v.checks.next = now.Add(consentInterval*4/5 + mathrand.N(consentInterval*2/5))
	v.mu.Unlock()
	m, err := stun.Build(
		stun.NewTransactionIDSetter(id), stun.BindingRequest,
		stun.NewUsername(v.remote.ufrag+":"+v.local.ufrag),
		&stun.RawAttribute{Type: stun.AttrPriority, Value: binary.BigEndian.AppendUint32(nil, priority)},
		// The greatest tie-breaker wins every conflict: we stay controlling.
		&stun.RawAttribute{Type: stun.AttrICEControlling, Value: binary.BigEndian.AppendUint64(nil, 1<<64-1)},
		&stun.RawAttribute{Type: stun.AttrUseCandidate},
		stun.NewShortTermIntegrity(v.remote.pwd), stun.Fingerprint,
	)
	if err == nil {
		v.send(m.Raw, v.at)
	}
}

// takeSTUN answers the server's checks and takes its answers to ours. Called with
// mu held.
func (v *Viewer) takeSTUN(packet []byte, from netip.AddrPort) {
	m := &stun.Message{Raw: append([]byte(nil), packet...)}
	if m.Decode() != nil {
		return
	}
	switch m.Type {
	case stun.BindingRequest:
		v.reply(m, from)
	case stun.BindingSuccess:
		if stun.NewShortTermIntegrity(v.remote.pwd).Check(m) != nil || !slices.Contains(v.checks.pending[:], m.TransactionID) {
			return
		}
		if v.checks.heard.IsZero() {
			close(v.checked)
		}
		v.checks.heard = time.Now()
	}
}

func (v *Viewer) reply(request *stun.Message, from netip.AddrPort) {
	integrity := stun.NewShortTermIntegrity(v.local.pwd)
	if integrity.Check(request) != nil {
		return
	}
	m, err := stun.Build(
		stun.NewTransactionIDSetter(request.TransactionID), stun.BindingSuccess,
		&stun.XORMappedAddress{IP: net.IP(from.Addr().AsSlice()), Port: int(from.Port())},
		integrity, stun.Fingerprint,
	)
	if err == nil {
		v.send(m.Raw, from)
	}
}

// tick does what is due.
func (v *Viewer) tick(now time.Time) {
	v.mu.Lock()
	heard, next := v.checks.heard, v.checks.next
	v.mu.Unlock()
	switch {
	case heard.IsZero(): // still connecting, which has its own clock
	case now.Sub(heard) > consentExpiry:
		v.end(ErrConsent)
	case now.After(next):
		v.ask(now)
	}
	v.report(now)
}
