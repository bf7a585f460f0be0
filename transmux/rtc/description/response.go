package description

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// ParseAnswer reads the answer of somebody who is to receive, to an offer of ours
// whose m-lines had those MIDs. What it gives has only the m-lines that the peer
// takes. The errors wrap ErrAnswer.
func ParseAnswer(raw []byte, mids ...string) (*Offer, error) {
	o, setup, _, wrong := parseAnswer(raw, mids, RecvOnly)
	if wrong == nil && setup != "" && setup != "active" {
		wrong = invalid("a=setup must be active")
	}
	if wrong != nil {
		return nil, wrong.in(ErrAnswer, ErrAnswer)
	}
	return o, nil
}

// Sender is the answer of a server that will send to us.
type Sender struct {
	Offer
	// Passive is true of one that is the DTLS server.
	Passive bool
	// Addresses are where it may be found over UDP, in its order.
	Addresses []netip.AddrPort
}

// ParseSender is ParseAnswer for an offer of ours to receive.
func ParseSender(raw []byte, mids ...string) (*Sender, error) {
	o, setup, desc, wrong := parseAnswer(raw, mids, SendOnly, SendRecv)
	if wrong == nil && setup != "active" && setup != "passive" {
		wrong = invalid("a=setup must be active or passive")
	}
	if wrong != nil {
		return nil, wrong.in(ErrAnswer, ErrAnswer)
	}
	return &Sender{Offer: *o, Passive: setup == "passive", Addresses: addresses(desc)}, nil
}

func parseAnswer(raw []byte, mids []string, wanted ...Direction) (*Offer, string, *sdp.SessionDescription, *fault) {
	desc, wrong := unmarshal(raw)
	if wrong != nil {
		return nil, "", nil, wrong
	}
	if n := len(desc.MediaDescriptions); n != len(mids) {
		return nil, "", nil, invalid("it has %d m-lines, the offer had %d", n, len(mids))
	}
	o := &Offer{}
	setup := ""
	for i, m := range desc.MediaDescriptions {
		if refused(m) {
			continue
		}
		if setup == "" { // the first m-line's transport is everybody's
			setup = attributeOf(desc, m, "setup")
		}
		parsed, wrong := o.parseMedia(desc, m, wanted)
		if wrong != nil {
			return nil, "", nil, wrong
		}
		if parsed.MID != mids[i] {
			return nil, "", nil, invalid("its m-line %d has the mid %q, the offer had %q", i, parsed.MID, mids[i])
		}
		o.Media = append(o.Media, parsed)
	}
	if len(o.Media) == 0 {
		return nil, "", nil, invalid("it takes nothing of what was offered")
	}
	return o, setup, desc, o.validate(desc)
}

// maxAddresses bounds the candidates of an answer that are looked at.
const maxAddresses = 16

// addresses are the candidates for UDP (RFC 8839 section 5.1) that are addresses:
// names are for peers on one's own network (mDNS).
func addresses(desc *sdp.SessionDescription) (list []netip.AddrPort) {
	for _, m := range desc.MediaDescriptions {
		for _, a := range m.Attributes {
			fields := strings.Fields(a.Value)
			if a.Key != "candidate" || len(fields) < 8 || fields[1] != "1" || !strings.EqualFold(fields[2], "udp") {
				continue
			}
			addr, err := netip.ParseAddr(fields[4])
			port, errPort := strconv.ParseUint(fields[5], 10, 16)
			if err != nil || errPort != nil || port == 0 || addr.Zone() != "" || addr.IsUnspecified() || addr.IsMulticast() {
				continue
			}
			at := netip.AddrPortFrom(addr.Unmap(), uint16(port))
			if len(list) < maxAddresses && !slices.Contains(list, at) {
				list = append(list, at)
			}
		}
	}
	return list
}

// refused is true of an m-line that the peer does not want (RFC 3264 section 6).
func refused(m *sdp.MediaDescription) bool {
	_, bundled := m.Attribute("bundle-only")
	return m.MediaName.Port.Value == 0 && !bundled || direction(m) == Inactive
}
