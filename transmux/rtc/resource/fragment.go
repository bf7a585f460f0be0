package resource

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"millrace/transmux/rtc/sender"
)

// Bounds of a fragment beside its size.
const (
	// maxCandidates is many times what a machine has.
	maxCandidates = 256
	// maxSections is as many m-lines as an offer may have; with BUNDLE only one
	// of them is ever named.
	maxSections = 16
)

// fragment is what we need of an SDP fragment (RFC 8840 section 9).
type fragment struct {
	ufrag, pwd string // empty where it names none
	kind, mid  string // of its first m-line; empty where it has none
}

var (
	errLine        = errors.New("a line is not of the form x=value")
	errNothing     = errors.New("it says nothing about ICE")
	errMany        = errors.New("it is too long")
	errCredentials = errors.New("ice-ufrag and ice-pwd must come together, once, of 4 and 22 to 256 characters")
	errCandidate   = errors.New("a candidate cannot be read")
)

// parseFragment reads what a client trickles. Candidates are read as far as to
// see that they are some: of unknown transports, names that do not resolve and
// whatever else is new they may be.
func parseFragment(raw []byte) (fragment, error) {
	var f fragment
	if !utf8.Valid(raw) {
		return f, errLine
	}
	candidates, sections, said := 0, 0, false
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		if len(line) < 2 || line[0] < 'a' || line[0] > 'z' || line[1] != '=' {
			return f, errLine
		}
		if line[0] == 'm' {
			if sections++; sections > maxSections {
				return f, errMany
			}
			if sections == 1 {
				f.kind, _, _ = strings.Cut(line[2:], " ")
			}
			continue
		}
		if line[0] != 'a' {
			continue // no fragment has it, and it does no harm
		}
		key, value, _ := strings.Cut(line[2:], ":")
		switch key {
		case "mid":
			if f.mid == "" {
				f.mid = value
			}
			continue
		case "ice-ufrag", "ice-pwd":
			if err := f.setCredential(key, value); err != nil {
				return f, err
			}
		case "candidate":
			if candidates++; candidates > maxCandidates {
				return f, errMany
			}
			if !validCandidate(value) {
				return f, errCandidate
			}
		case "end-of-candidates":
		default:
			continue
		}
		said = true
	}
	if !said {
		return f, errNothing
	}
	return f, f.validate()
}

// setCredential takes ufrag or password: with BUNDLE there is one of each, however
// often it is said.
func (f *fragment) setCredential(key, value string) error {
	into := &f.ufrag
	if key == "ice-pwd" {
		into = &f.pwd
	}
	if *into != "" && *into != value {
		return errCredentials
	}
	*into = value
	return nil
}

// validate bounds what the fragment says as RFC 8839 section 5.4 does.
func (f *fragment) validate() error {
	if f.ufrag == "" && f.pwd == "" {
		return f.validateSection()
	}
	if len(f.ufrag) < 4 || len(f.ufrag) > 256 || len(f.pwd) < 22 || len(f.pwd) > 256 ||
		!printable(f.ufrag) || !printable(f.pwd) || strings.Contains(f.ufrag, ":") { // the colon parts a STUN username
		return errCredentials
	}
	return f.validateSection()
}

// validateSection looks at what the answer will repeat.
func (f *fragment) validateSection() error {
	if !printable(f.kind) || len(f.kind) > 32 || !printable(f.mid) || len(f.mid) > 64 {
		return errLine
	}
	return nil
}

// printable is true of text without spaces and controls.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// validCandidate knows a candidate attribute's value by its form (RFC 8839 section
// 5.1): foundation, component, transport, priority, address, port, "typ" and a
// type. An empty one is how older browsers say that there are no more.
func validCandidate(value string) bool {
	fields := strings.Fields(value)
	if len(fields) == 0 {
		return true
	}
	if len(fields) < 8 || fields[6] != "typ" {
		return false
	}
	_, component := strconv.ParseUint(fields[1], 10, 16)
	_, priority := strconv.ParseUint(fields[3], 10, 32)
	_, port := strconv.ParseUint(fields[5], 10, 16)
	return component == nil && priority == nil && port == nil
}

// answer is the fragment that a restart is answered with: our new credentials and
// all candidates, under the m-line that the client named, with the ice-options of
// the first answer.
func (f *fragment) answer(local sender.Local, candidates []string) []byte {
	kind, mid := f.kind, f.mid
	if kind == "" {
		kind = "audio"
	}
	if mid == "" {
		mid = "0"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "a=ice-options:trickle\r\nm=%s 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:%s\r\n", kind, mid)
	fmt.Fprintf(&b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", local.Ufrag, local.Pwd)
	for _, c := range candidates {
		fmt.Fprintf(&b, "a=candidate:%s\r\n", c)
	}
	b.WriteString("a=end-of-candidates\r\n")
	return []byte(b.String())
}
