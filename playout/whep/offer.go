package whep

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"millrace/transmux/av"
)

// Limits of an offer, of which browsers use a tenth.
const (
	maxMedia   = 16
	maxFormats = 128 // RTP payload types are 7 bits
)

// errOffer is about offers that are no SDP, or no offer to watch; errCannot is
// about good ones that we cannot serve.
var (
	errOffer  = errors.New("the offer is not valid")
	errCannot = errors.New("the offer cannot be served")
)

// offer is what we need of a viewer's session description (RFC 8829).
type offer struct {
	ufrag, pwd, fingerprint string
	media                   []media
}

// media is one m-line.
type media struct {
	kind    av.Kind
	mid     string
	formats []format
}

// format is one payload type of an m-line.
type format struct {
	payloadType uint8
	name        string // as in rtpmap, upper case
	clockRate   int
	channels    int
	parameters  map[string]string // fmtp's, keys in lower case
	feedback    []string          // rtcp-fb's values
}

// parseOffer reads an offer to receive: BUNDLE, rtcp-mux, DTLS-SRTP.
func parseOffer(raw []byte) (*offer, error) {
	var desc sdp.SessionDescription
	if err := desc.Unmarshal(raw); err != nil {
		return nil, fmt.Errorf("%w: %w", errOffer, err)
	}
	if n := len(desc.MediaDescriptions); n == 0 || n > maxMedia {
		return nil, fmt.Errorf("%w: it has %d m-lines", errOffer, n)
	}
	o := &offer{}
	for _, m := range desc.MediaDescriptions {
		parsed, err := o.parseMedia(&desc, m)
		if err != nil {
			return nil, err
		}
		o.media = append(o.media, parsed)
	}
	return o, o.validate()
}

func (o *offer) parseMedia(desc *sdp.SessionDescription, m *sdp.MediaDescription) (media, error) {
	parsed := media{}
	switch m.MediaName.Media {
	case "video":
		parsed.kind = av.Video
	case "audio":
		parsed.kind = av.Audio
	default:
		return parsed, fmt.Errorf("%w: there is no m=%s here, only video and audio", errCannot, m.MediaName.Media)
	}
	if !strings.Contains(strings.Join(m.MediaName.Protos, "/"), "SAVPF") {
		return parsed, fmt.Errorf("%w: the profile must be UDP/TLS/RTP/SAVPF", errCannot)
	}
	attribute := func(key string) string {
		if v, ok := m.Attribute(key); ok {
			return v
		}
		v, _ := desc.Attribute(key)
		return v
	}
	parsed.mid = attribute("mid")
	for _, direction := range []string{"sendonly", "inactive"} {
		if _, there := m.Attribute(direction); there {
			return parsed, fmt.Errorf("%w: m=%s is %s, to watch it must be recvonly", errOffer, m.MediaName.Media, direction)
		}
	}
	if attribute("setup") == "passive" {
		return parsed, fmt.Errorf("%w: a=setup must be actpass or active", errCannot)
	}
	if o.ufrag == "" { // BUNDLE: the first m-line's transport is everybody's
		o.ufrag, o.pwd, o.fingerprint = attribute("ice-ufrag"), attribute("ice-pwd"), attribute("fingerprint")
	}
	parsed.formats = parseFormats(m)
	return parsed, nil
}

// validate looks at what the m-lines have in common. The bounds on ICE
// credentials are RFC 8839 section 5.4's.
func (o *offer) validate() error {
	switch {
	case len(o.ufrag) < 4 || len(o.ufrag) > 256 || len(o.pwd) < 22 || len(o.pwd) > 256:
		return fmt.Errorf("%w: it has no usable ice-ufrag and ice-pwd", errOffer)
	case !strings.HasPrefix(strings.ToLower(o.fingerprint), "sha-256 "):
		return fmt.Errorf("%w: it has no sha-256 fingerprint", errOffer)
	}
	seen := map[av.Kind]bool{}
	mids := map[string]bool{}
	for _, m := range o.media {
		if seen[m.kind] {
			return fmt.Errorf("%w: it asks for %s twice; one of each is sent", errCannot, m.kind)
		}
		if m.mid == "" && len(o.media) > 1 || mids[m.mid] {
			return fmt.Errorf("%w: each m-line needs an a=mid of its own", errOffer)
		}
		seen[m.kind], mids[m.mid] = true, true
	}
	return nil
}

// parseFormats reads the payload types in the offer's order of preference.
func parseFormats(m *sdp.MediaDescription) []format {
	var formats []format
	at := map[string]int{}
	for _, f := range m.MediaName.Formats {
		pt, err := strconv.ParseUint(f, 10, 7)
		if err != nil || len(formats) == maxFormats {
			continue
		}
		if _, twice := at[f]; twice {
			continue
		}
		at[f] = len(formats)
		formats = append(formats, format{payloadType: uint8(pt), channels: 1})
	}
	for _, a := range m.Attributes {
		id, value, _ := strings.Cut(a.Value, " ")
		i, known := at[id]
		if !known {
			continue
		}
		switch a.Key {
		case "rtpmap":
			formats[i].readMap(value)
		case "fmtp":
			formats[i].parameters = readParameters(value)
		case "rtcp-fb":
			formats[i].feedback = append(formats[i].feedback, value)
		}
	}
	return formats
}

// readMap reads "H264/90000" or "opus/48000/2".
func (f *format) readMap(value string) {
	parts := strings.Split(value, "/")
	f.name = strings.ToUpper(parts[0])
	if len(parts) > 1 {
		f.clockRate, _ = strconv.Atoi(parts[1]) // zero matches no codec
	}
	if len(parts) > 2 {
		f.channels, _ = strconv.Atoi(parts[2])
	}
}

func readParameters(value string) map[string]string {
	parameters := map[string]string{}
	for part := range strings.SplitSeq(value, ";") {
		key, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		parameters[strings.ToLower(key)] = v
	}
	return parameters
}
