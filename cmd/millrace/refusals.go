package main

import (
	"errors"

	"millrace/api"
	"millrace/ingest"
	"millrace/playout"
	"millrace/transmux/access"
	"millrace/transmux/bus"
	"millrace/transmux/ledger"
)

// refusalReasons are what refusals are counted by, in the order in which they are
// looked for.
var refusalReasons = []struct {
	name   string
	errors []error
}{
	{"credential", []error{ingest.ErrDenied, playout.ErrDenied}},
	{"unavailable", []error{access.ErrUnavailable}},
	{"limit", []error{ingest.ErrTooManyPublishers, ingest.ErrTooManyOfYours, playout.ErrTooManyViewers, playout.ErrTooManyOfYours}},
	{"not_live", []error{bus.ErrNotLive, bus.ErrEnded}},
	{"name", []error{bus.ErrBadName}},
	{"taken", []error{bus.ErrNameTaken}},
	{"stopping", []error{bus.ErrShutdown}},
}

// otherReason is that of all the others.
const otherReason = "other"

func refusalReason(err error) string {
	for _, r := range refusalReasons {
		for _, one := range r.errors {
			if errors.Is(err, one) {
				return r.name
			}
		}
	}
	return otherReason
}

// measureRefusals makes what the gates tell of whom they did not let in.
func measureRefusals(m *api.Metrics) (publishers ingest.Refused, viewers playout.Refused) {
	reasons := []string{otherReason}
	for _, r := range refusalReasons {
		reasons = append(reasons, r.name)
	}
	counts := m.Refusals(sessionKinds, reasons...)
	count := func(role ledger.Role) func(protocol string, why error) {
		return func(protocol string, why error) {
			counts.Count(api.SessionKind{Role: role, Protocol: protocol}, refusalReason(why))
		}
	}
	return count(ledger.Publisher), count(ledger.Viewer)
}
