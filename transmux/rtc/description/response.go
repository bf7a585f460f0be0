package description

import (
	"github.com/pion/sdp/v3"
)

// ParseAnswer reads the answer to an offer of ours whose m-lines had those MIDs.
// What it gives has only the m-lines that the peer takes. The errors wrap
// ErrAnswer.
func ParseAnswer(raw []byte, mids ...string) (*Offer, error) {
	o, wrong := parseAnswer(raw, mids)
	if wrong != nil {
		return nil, wrong.in(ErrAnswer, ErrAnswer)
	}
	return o, nil
}

func parseAnswer(raw []byte, mids []string) (*Offer, *fault) {
	desc, wrong := unmarshal(raw)
	if wrong != nil {
		return nil, wrong
	}
	if n := len(desc.MediaDescriptions); n != len(mids) {
		return nil, invalid("it has %d m-lines, the offer had %d", n, len(mids))
	}
	o := &Offer{}
	for i, m := range desc.MediaDescriptions {
		if refused(m) {
			continue
		}
		if attributeOf(desc, m, "setup") == "actpass" {
			return nil, invalid("a=setup must be active")
		}
		parsed, wrong := o.parseMedia(desc, m, []Direction{RecvOnly})
		if wrong != nil {
			return nil, wrong
		}
		if parsed.MID != mids[i] {
			return nil, invalid("its m-line %d has the mid %q, the offer had %q", i, parsed.MID, mids[i])
		}
		o.Media = append(o.Media, parsed)
	}
	if len(o.Media) == 0 {
		return nil, invalid("it takes nothing of what was offered")
	}
	return o, o.validate(desc)
}

// refused is true of an m-line that the peer does not want (RFC 3264 section 6).
func refused(m *sdp.MediaDescription) bool {
	_, bundled := m.Attribute("bundle-only")
	return m.MediaName.Port.Value == 0 && !bundled || direction(m) == Inactive
}
