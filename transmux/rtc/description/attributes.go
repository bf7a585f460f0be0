package description

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// readAttributes reads what is said of the m-line's payload types, header
// extensions, layers and sources. What is not understood is passed over.
func (m *Media) readAttributes(desc *sdp.MediaDescription) {
	at := map[string]int{}
	for _, f := range desc.MediaName.Formats {
		pt, err := strconv.ParseUint(f, 10, 7)
		if err != nil || len(m.Formats) == maxFormats {
			continue
		}
		if _, twice := at[f]; twice {
			continue
		}
		at[f] = len(m.Formats)
		format := staticFormats[uint8(pt)]
		format.PayloadType, format.Channels = uint8(pt), 1
		m.Formats = append(m.Formats, format)
	}
	for _, a := range desc.Attributes {
		id, value, _ := strings.Cut(a.Value, " ")
		switch a.Key {
		case "extmap":
			m.readExtension(id, value)
		case "rid":
			if strings.HasPrefix(value, "send") && len(m.RIDs) < maxRIDs && validRID(id) {
				m.RIDs = append(m.RIDs, id)
			}
		case "ssrc", "ssrc-group":
			m.readSource(a.Key, id, value)
		}
		i, known := at[id]
		if !known {
			continue
		}
		switch f := &m.Formats[i]; a.Key {
		case "rtpmap":
			f.readMap(value)
		case "fmtp":
			f.Parameters = readParameters(value)
		case "rtcp-fb":
			if len(f.Feedback) < maxFeedback {
				f.Feedback = append(f.Feedback, strings.TrimSpace(value)) // pion ends "nack " with a space
			}
		}
	}
	m.pairRTX()
	m.pairRED()
}

// validRID: RFC 8852 section 3.1 as RFC 8851 took it over.
func validRID(id string) bool {
	return id != "" && len(id) <= 32 && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

func (m *Media) readExtension(id, value string) {
	id, _, _ = strings.Cut(id, "/") // a direction may follow
	uri, _, _ := strings.Cut(value, " ")
	n, err := strconv.ParseUint(id, 10, 8)
	if err == nil && n > 0 && n < 15 && len(m.Extensions) < maxExtensions { // one-byte headers, RFC 8285 section 4.2
		m.Extensions = append(m.Extensions, Extension{ID: uint8(n), URI: uri})
	}
}

// readSource reads "ssrc:1 cname:x" and "ssrc-group:FID 1 2" (RFC 5576).
func (m *Media) readSource(key, id, value string) {
	var ids []string
	if key == "ssrc" {
		ids = []string{id}
	} else if id == "FID" {
		ids = strings.Fields(value)
	}
	var first uint32
	for i, s := range ids {
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil || n == 0 || i > 1 {
			return
		}
		if i == 0 {
			first = uint32(n)
		}
		at := slices.IndexFunc(m.Sources, func(s Source) bool { return s.SSRC == uint32(n) })
		if at < 0 && len(m.Sources) < maxSources {
			at = len(m.Sources)
			m.Sources = append(m.Sources, Source{SSRC: uint32(n)})
		}
		if i == 1 && at >= 0 {
			m.Sources[at].Repairs = first
		}
	}
}

// pairRTX gives each format the payload type of its retransmissions (RFC 4588
// section 8.1: apt).
func (m *Media) pairRTX() {
	for _, rtx := range m.Formats {
		if rtx.Name != "RTX" {
			continue
		}
		for i := range m.Formats {
			if f := &m.Formats[i]; strconv.Itoa(int(f.PayloadType)) == rtx.Parameters["apt"] {
				f.RTX = rtx.PayloadType
			}
		}
	}
}

// pairRED gives each format the payload type of it with what went before, where
// that is all that is in it: "111/111" (RFC 2198 section 5).
func (m *Media) pairRED() {
	for _, red := range m.Formats {
		if red.Name != "RED" {
			continue
		}
		for i := range m.Formats {
			f := &m.Formats[i]
			if _, of := red.Parameters[f.redundant()]; of && f.ClockRate == red.ClockRate && f.Channels == red.Channels {
				f.RED = red.PayloadType
			}
		}
	}
}

// redundant is the format parameter of a RED that carries the format twice.
func (f *Format) redundant() string { return fmt.Sprintf("%d/%[1]d", f.PayloadType) }

// readMap reads "H264/90000" or "opus/48000/2".
func (f *Format) readMap(value string) {
	parts := strings.Split(value, "/")
	f.Name = strings.ToUpper(parts[0])
	if len(parts) > 1 {
		f.ClockRate, _ = strconv.Atoi(parts[1]) // zero matches no codec
	}
	if len(parts) > 2 {
		f.Channels, _ = strconv.Atoi(parts[2])
	}
}

func readParameters(value string) map[string]string {
	parameters := map[string]string{}
	for part := range strings.SplitSeq(value, ";") {
		key, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		if len(parameters) < maxParameters && len(part) < maxParameter {
			parameters[strings.ToLower(key)] = v
		}
	}
	return parameters
}
