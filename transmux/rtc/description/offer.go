package description

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"millrace/transmux/av"
)

// Limits of an offer, of which browsers use a tenth.
const (
	maxLines      = 1500
	maxLine       = 8 << 10 // bytes; H.264 parameter sets may be in one
	maxMedia      = 16
	maxFormats    = 128 // RTP payload types are 7 bits
	maxExtensions = 32
	maxRIDs       = 8
	maxSources    = 64
	maxFeedback   = 16 // of one format, as are the parameters
	maxParameters = 32
	maxParameter  = 1024 // characters: H.264 parameter sets may be among them
)

// ParseOffer reads an offer whose m-lines all have one of the wanted directions;
// the errors wrap ErrOffer or ErrCannot.
func ParseOffer(raw []byte, wanted ...Direction) (*Offer, error) {
	o, wrong := parseOffer(raw, wanted)
	if wrong != nil {
		return nil, wrong.in(ErrOffer, ErrCannot)
	}
	return o, nil
}

func parseOffer(raw []byte, wanted []Direction) (*Offer, *fault) {
	desc, wrong := unmarshal(raw)
	if wrong != nil {
		return nil, wrong
	}
	o := &Offer{}
	for _, m := range desc.MediaDescriptions {
		_, bundled := m.Attribute("bundle-only")
		if m.MediaName.Port.Value == 0 && !bundled {
			return nil, invalid("m=%s has port 0, which is no offer", m.MediaName.Media)
		}
		if attributeOf(desc, m, "setup") == "passive" {
			return nil, cannot("a=setup must be actpass or active, for the DTLS server is here")
		}
		parsed, wrong := o.parseMedia(desc, m, wanted)
		if wrong != nil {
			return nil, wrong
		}
		o.Media = append(o.Media, parsed)
	}
	if len(o.Media) == 0 {
		return nil, &fault{what: "it has no m-line", empty: true}
	}
	return o, o.validate(desc)
}

// unmarshal reads what is SDP and not larger than any that we could serve.
func unmarshal(raw []byte) (*sdp.SessionDescription, *fault) {
	// Before the parser, which would make something of each.
	media, lines := 0, 0
	for line := range bytes.Lines(raw) {
		if lines++; lines > maxLines || len(line) > maxLine {
			return nil, invalid("it has more than %d lines, or one longer than %d bytes", maxLines, maxLine)
		}
		if bytes.ContainsAny(bytes.TrimRight(line, "\r\n"), "\r\x00") { // RFC 8866 section 9: byte-string
			return nil, invalid("a line has a carriage return or a zero in it")
		}
		if bytes.HasPrefix(line, []byte("m=")) {
			media++
		}
	}
	if media > maxMedia {
		return nil, invalid("it has %d m-lines", media)
	}
	desc := &sdp.SessionDescription{}
	if err := desc.Unmarshal(raw); err != nil {
		return nil, invalid("%v", err)
	}
	return desc, nil
}

func (o *Offer) parseMedia(desc *sdp.SessionDescription, m *sdp.MediaDescription, wanted []Direction) (Media, *fault) {
	parsed := Media{}
	switch m.MediaName.Media {
	case "video":
		parsed.Kind = av.Video
	case "audio":
		parsed.Kind = av.Audio
	default:
		return parsed, cannot("there is no m=%s here, only video and audio", m.MediaName.Media)
	}
	if !strings.Contains(strings.Join(m.MediaName.Protos, "/"), "SAVPF") {
		return parsed, cannot("the profile must be UDP/TLS/RTP/SAVPF")
	}
	attribute := func(key string) string { return attributeOf(desc, m, key) }
	parsed.MID = attribute("mid")
	if len(m.MediaName.Formats) > maxFormats {
		return parsed, invalid("m=%s has %d formats", m.MediaName.Media, len(m.MediaName.Formats))
	}
	if got := direction(m); !slices.Contains(wanted, got) {
		return parsed, invalid("m=%s is %s, here it must be %s", m.MediaName.Media, got, wanted[0])
	}
	if _, mux := m.Attribute("rtcp-mux"); !mux {
		return parsed, cannot("m=%s needs a=rtcp-mux, for there is one port for both", m.MediaName.Media)
	}
	if o.Ufrag == "" { // BUNDLE: the first m-line's transport is everybody's
		o.Ufrag, o.Pwd, o.Fingerprint = attribute("ice-ufrag"), attribute("ice-pwd"), attribute("fingerprint")
	}
	parsed.readAttributes(m)
	return parsed, nil
}

// attributeOf is the m-line's attribute, or the session's where that has none.
func attributeOf(desc *sdp.SessionDescription, m *sdp.MediaDescription, key string) string {
	if v, ok := m.Attribute(key); ok {
		return v
	}
	v, _ := desc.Attribute(key)
	return v
}

// validate looks at what the m-lines have in common. The bounds on ICE
// credentials are RFC 8839 section 5.4's.
func (o *Offer) validate(desc *sdp.SessionDescription) *fault {
	switch {
	case len(o.Ufrag) < 4 || len(o.Ufrag) > 256 || len(o.Pwd) < 22 || len(o.Pwd) > 256:
		return invalid("it has no usable ice-ufrag and ice-pwd")
	case !strings.HasPrefix(strings.ToLower(o.Fingerprint), "sha-256 "):
		return invalid("it has no sha-256 fingerprint")
	}
	seen := map[av.Kind]bool{}
	mids := map[string]bool{}
	bundle := bundled(desc)
	for _, m := range o.Media {
		if seen[m.Kind] {
			return cannot("it has %s twice; one of each is served", m.Kind)
		}
		if m.MID == "" && len(o.Media) > 1 || mids[m.MID] {
			return invalid("each m-line needs an a=mid of its own")
		}
		if !slices.Contains(bundle, m.MID) && len(o.Media) > 1 {
			return cannot("all m-lines must be in one a=group:BUNDLE, for there is one transport")
		}
		seen[m.Kind], mids[m.MID] = true, true
	}
	o.Bundle = len(bundle) > 0
	return nil
}

// bundled are the MIDs of the first BUNDLE group (RFC 9143 section 5).
func bundled(desc *sdp.SessionDescription) []string {
	for _, a := range desc.Attributes {
		if a.Key != "group" {
			continue
		}
		if fields := strings.Fields(a.Value); len(fields) > 1 && fields[0] == "BUNDLE" {
			return fields[1:min(len(fields), maxMedia+1)]
		}
	}
	return nil
}

// direction is what the m-line says, sendrecv if nothing (RFC 8866 section 6.7).
func direction(m *sdp.MediaDescription) Direction {
	for _, d := range []Direction{SendOnly, RecvOnly, Inactive} {
		if _, said := m.Attribute(string(d)); said {
			return d
		}
	}
	return SendRecv
}
