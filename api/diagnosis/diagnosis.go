// Package diagnosis answers "why doesn't it play?": checks along the whole way from
// the publisher to the viewer's network, each with what was seen, why it matters,
// and what to set.
//
// api asks it for a stream's diagnosis and for its warnings, and cmd/millrace puts
// in what it looks at; millrace doctor speaks in the same Checks. It reads snapshots
// and must not know a protocol, HTTP or a frame.
package diagnosis

import "time"

// Verdict is what a check came to.
type Verdict string

// The verdicts, from good to bad. Unknown is for what cannot be looked at now.
const (
	OK      Verdict = "ok"
	Unknown Verdict = "unknown"
	Warning Verdict = "warning" // it plays, and not as well as it could
	Bad     Verdict = "bad"     // it does not play for some or all
)

// severity orders verdicts.
func (v Verdict) severity() int {
	switch v {
	case Bad:
		return 3
	case Warning:
		return 2
	case Unknown:
		return 1
	default:
		return 0
	}
}

// Worst is the worst verdict of the checks, OK of none. What is unknown does not
// count: it is no trouble.
func Worst(checks []Check) Verdict {
	worst := OK
	for i := range checks {
		if v := checks[i].Verdict; v != Unknown && v.severity() > worst.severity() {
			worst = v
		}
	}
	return worst
}

// Area is the part of the way that a check is about.
type Area string

// The areas, in the order of the way.
const (
	Publisher Area = "publisher"
	Stream    Area = "stream"
	Gateway   Area = "gateway"
	Network   Area = "network"
)

// Check is one thing that was looked at, in words for the person who streams or
// runs the gateway.
type Check struct {
	ID      string  `json:"id"`             // of the check, the same whatever it found
	Code    string  `json:"code,omitempty"` // of what it found, if that is trouble
	Area    Area    `json:"area"`
	Verdict Verdict `json:"verdict"`
	Title   string  `json:"title"`
	Seen    string  `json:"seen"`             // facts, with numbers
	Why     string  `json:"why,omitempty"`    // what it costs
	Remedy  string  `json:"remedy,omitempty"` // what to set, and where
}

// Report is a stream's diagnosis.
type Report struct {
	Stream  string    `json:"stream"`
	At      time.Time `json:"at"`
	Verdict Verdict   `json:"verdict"` // the worst of the checks
	Caller  Caller    `json:"caller"`
	Checks  []Check   `json:"checks"`
}

// sentences joins those that there are.
func sentences(parts ...string) string {
	all := ""
	for _, p := range parts {
		switch {
		case p == "":
		case all == "":
			all = p
		default:
			all += " " + p
		}
	}
	return all
}
