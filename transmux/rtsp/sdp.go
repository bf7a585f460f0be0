package rtsp

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxDescription bounds a session description in bytes. Cameras send one or two
	// thousand; parameter sets of H.265 in several formats stay below 16.
	maxDescription = 64 << 10
	// maxMedia bounds the m-lines, and maxFormats the formats of each.
	maxMedia   = 16
	maxFormats = 16
	// maxPayloadType is what seven bits hold.
	maxPayloadType = 127
	// maxClockRate is beyond every clock there is.
	maxClockRate = 1_000_000
)

var (
	errNoMedia     = errors.New("the session description names no media")
	errDescription = errors.New("the session description is too long")
)

// ParseSDP reads a session description (RFC 8866) as leniently as it can be read:
// lines that make no sense are passed over, what is missing is empty. An error
// means that no media is left.
func ParseSDP(description []byte) ([]Media, error) {
	_, all, err := parseSDP(description)
	return all, err
}

// parseSDP is ParseSDP, and the control of the whole.
func parseSDP(description []byte) (control string, all []Media, err error) {
	if len(description) > maxDescription {
		return "", nil, fmt.Errorf("%w: %d bytes", errDescription, len(description))
	}
	for line := range strings.Lines(string(description)) {
		line = strings.TrimSpace(line)
		kind, value, ok := strings.Cut(line, "=")
		switch {
		case !ok:
		case kind == "m" && len(all) < maxMedia:
			all = append(all, parseMedia(value))
		case kind == "m":
			return "", nil, fmt.Errorf("%w: more than %d media", errDescription, maxMedia)
		case kind == "a" && len(all) > 0:
			all[len(all)-1].attribute(value)
		case kind == "a":
			if name, value, _ := strings.Cut(value, ":"); strings.EqualFold(name, "control") {
				control = printable(value)
			}
		}
	}
	if len(all) == 0 {
		return "", nil, errNoMedia
	}
	return control, all, nil
}

// parseMedia reads what is behind "m=": kind, port, protocol, formats.
func parseMedia(value string) Media {
	fields := strings.Fields(value)
	if len(fields) == 0 {
		return Media{}
	}
	m := Media{Kind: strings.ToLower(fields[0])}
	for _, word := range fields[min(3, len(fields)):] {
		n, err := strconv.ParseUint(word, 10, 8)
		if err != nil || n > maxPayloadType || len(m.Formats) == maxFormats || m.format(uint8(n)) != nil {
			continue
		}
		f := assigned[uint8(n)]
		f.PayloadType = uint8(n)
		m.Formats = append(m.Formats, f)
	}
	return m
}

func (m *Media) format(payloadType uint8) *Format {
	at := slices.IndexFunc(m.Formats, func(f Format) bool { return f.PayloadType == payloadType })
	if at < 0 {
		return nil
	}
	return &m.Formats[at]
}

// attribute takes what is behind "a=".
func (m *Media) attribute(value string) {
	name, value, _ := strings.Cut(value, ":")
	if strings.EqualFold(name, "control") {
		m.Control = printable(value)
		return
	}
	number, value, _ := strings.Cut(strings.TrimSpace(value), " ")
	n, err := strconv.ParseUint(number, 10, 8)
	if err != nil {
		return
	}
	f := m.format(uint8(n))
	switch {
	case f == nil:
	case strings.EqualFold(name, "rtpmap"):
		f.rtpmap(strings.TrimSpace(value))
	case strings.EqualFold(name, "fmtp"):
		f.fmtp(value)
	}
}

// rtpmap reads "name/rate/channels".
func (f *Format) rtpmap(value string) {
	parts := strings.Split(value, "/")
	f.Encoding = strings.ToLower(strings.TrimSpace(printable(parts[0])))
	f.ClockRate, f.Channels = 0, 0
	if len(parts) > 1 {
		f.ClockRate = number(parts[1], maxClockRate)
	}
	if len(parts) > 2 {
		f.Channels = number(parts[2], 255)
	}
}

// fmtp reads "name=value; name=value".
func (f *Format) fmtp(value string) {
	if f.Parameters == nil {
		f.Parameters = make(map[string]string)
	}
	for pair := range strings.SplitSeq(value, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if name != "" {
			f.Parameters[strings.ToLower(name)] = strings.TrimSpace(value)
		}
	}
}

// Number is a parameter that is one, or 0.
func (f *Format) Number(name string) int { return number(f.Parameters[name], 1<<30) }

func number(text string, most uint64) int {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	if err != nil || n > most {
		return 0
	}
	return int(n)
}

// printable leaves out what could begin another line or hide in a log.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F || r > 0xFFFF {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
}
