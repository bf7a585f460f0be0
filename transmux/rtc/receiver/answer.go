package receiver

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// kind says what a payload type carries.
type kind uint8

const (
	unknown kind = iota
	video
	audio
	kinds
)

// answer is what we need of the server's side of a session.
type answer struct {
	ufrag, pwd, fingerprint string
	// active is true where the server wants to be the DTLS client (RFC 5763
	// section 5), as servers on pion do.
	active     bool
	candidates []netip.AddrPort // IPv4 and UDP, in the server's order
	kinds      [128]kind        // by payload type
}

// maxLines bounds an answer; a browser's own has some two hundred.
const maxLines = 4000

var errAnswer = errors.New("the answer cannot be used")

// parseAnswer reads an SDP answer (RFC 8829, RFC 8839). Everything is bundled, so
// the first of each transport attribute is everybody's.
func parseAnswer(sdp string) (*answer, error) {
	a := &answer{}
	now := unknown // the kind of the m-line that we are in
	lines := 0
	for line := range strings.Lines(sdp) {
		if lines++; lines > maxLines {
			return nil, fmt.Errorf("%w: it has more than %d lines", errAnswer, maxLines)
		}
		line = strings.TrimRight(line, "\r\n")
		if media, ok := strings.CutPrefix(line, "m="); ok {
			now = a.media(media)
			continue
		}
		attribute, ok := strings.CutPrefix(line, "a=")
		if !ok {
			continue
		}
		key, value, _ := strings.Cut(attribute, ":")
		a.attribute(key, value)
		if key == "inactive" || key == "recvonly" {
			for pt := range a.kinds {
				if a.kinds[pt] == now {
					a.kinds[pt] = unknown
				}
			}
		}
	}
	return a, a.validate()
}

// media notes an m-line's payload types: "video 9 UDP/TLS/RTP/SAVPF 96 97". Port
// zero is a refusal (RFC 3264 section 6).
func (a *answer) media(line string) kind {
	fields := strings.Fields(line)
	if len(fields) < 4 || fields[1] == "0" {
		return unknown
	}
	k := unknown
	switch fields[0] {
	case "video":
		k = video
	case "audio":
		k = audio
	}
	for _, field := range fields[3:] {
		if pt, err := strconv.ParseUint(field, 10, 7); err == nil {
			a.kinds[pt] = k
		}
	}
	return k
}

func (a *answer) attribute(key, value string) {
	set := func(field *string) {
		if *field == "" {
			*field = value
		}
	}
	switch key {
	case "ice-ufrag":
		set(&a.ufrag)
	case "ice-pwd":
		set(&a.pwd)
	case "fingerprint":
		set(&a.fingerprint)
	case "setup":
		a.active = a.active || value == "active"
	case "candidate":
		a.candidate(value)
	}
}

// candidate reads "1 1 udp 2130706431 127.0.0.1 8000 typ host" (RFC 8839 section
// 5.1), if it is one that our socket can reach.
func (a *answer) candidate(value string) {
	fields := strings.Fields(value)
	if len(fields) < 8 || fields[1] != "1" || !strings.EqualFold(fields[2], "udp") {
		return
	}
	addr, err := netip.ParseAddrPort(fields[4] + ":" + fields[5])
	if err == nil && addr.Addr().Is4() && addr.Port() != 0 {
		a.candidates = append(a.candidates, addr)
	}
}

func (a *answer) validate() error {
	switch {
	case a.ufrag == "" || a.pwd == "" || len(a.ufrag)+len(a.pwd) > 512: // RFC 8839 section 5.4
		return fmt.Errorf("%w: it has no ice-ufrag and ice-pwd", errAnswer)
	case !strings.HasPrefix(strings.ToLower(a.fingerprint), "sha-256 "):
		return fmt.Errorf("%w: it has no sha-256 fingerprint", errAnswer)
	case len(a.candidates) == 0:
		return fmt.Errorf("%w: it names no IPv4 candidate for UDP", errAnswer)
	}
	return nil
}

// nearest is the candidate to check: on the loopback, if there is one, for all
// load stays on this machine.
func (a *answer) nearest() netip.AddrPort {
	for _, c := range a.candidates {
		if c.Addr().IsLoopback() {
			return c
		}
	}
	return a.candidates[0]
}
