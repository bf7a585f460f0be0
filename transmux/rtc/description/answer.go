package description

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Answer is our side of a session.
type Answer struct {
	Ufrag, Pwd, Fingerprint string
	// Candidates are the values of candidate attributes, best first.
	Candidates []string
	// Name ties the sources together (CNAME, RFC 3550 section 6.5.1) and names
	// their one MediaStream.
	Name      string
	Direction Direction
	Media     []AnswerMedia // as many as the offer has, in its order
	// Offer is true where it is none, but an offer of our own; Why says to people
	// what that is for.
	Offer bool
	Why   string
	// Alone is true where the peer's one m-line is in no group.
	Alone bool
}

// AnswerMedia is one m-line of an answer.
type AnswerMedia struct {
	Media *Media // of the offer
	// Formats are those of the offer that may be used, the first preferred.
	Formats    []*Format
	Extensions []Extension
	// SSRC and RTXSSRC are what we send as; zero where we only receive.
	SSRC, RTXSSRC uint32
	// RIDs are the layers of the offer that we take.
	RIDs []string
}

// Write is the SDP: bundled on the first m-line's transport (RFC 9143), the peer
// begins the DTLS handshake.
func (a *Answer) Write() []byte {
	var b strings.Builder
	mids := make([]string, len(a.Media))
	for i, m := range a.Media {
		mids[i] = m.Media.MID
	}
	b.WriteString("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n")
	if a.Why != "" {
		fmt.Fprintf(&b, "i=%s\r\n", a.Why)
	}
	b.WriteString("t=0 0\r\n")
	if !a.Alone {
		fmt.Fprintf(&b, "a=group:BUNDLE %s\r\n", strings.Join(mids, " "))
	}
	b.WriteString("a=extmap-allow-mixed\r\na=msid-semantic:WMS *\r\n")
	for i, m := range a.Media {
		a.writeMedia(&b, &m)
		if i == 0 {
			for _, c := range a.Candidates {
				fmt.Fprintf(&b, "a=candidate:%s\r\n", c)
			}
			b.WriteString("a=end-of-candidates\r\n")
		}
	}
	return []byte(b.String())
}

func (a *Answer) writeMedia(b *strings.Builder, m *AnswerMedia) {
	fmt.Fprintf(b, "m=%s 9 UDP/TLS/RTP/SAVPF", m.Media.Kind)
	for _, f := range m.Formats {
		fmt.Fprintf(b, " %d", f.PayloadType)
		if f.RTX != 0 {
			fmt.Fprintf(b, " %d", f.RTX)
		}
		if f.RED != 0 && a.Direction == SendOnly {
			fmt.Fprintf(b, " %d", f.RED)
		}
	}
	fmt.Fprintf(b, "\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\na=%s\r\n", m.Media.MID, a.Direction)
	b.WriteString("a=rtcp-mux\r\na=rtcp-mux-only\r\na=rtcp-rsize\r\n")
	fmt.Fprintf(b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=ice-options:trickle\r\n", a.Ufrag, a.Pwd)
	setup := "passive"
	if a.Offer {
		setup = "actpass" // RFC 8842 section 5.2; the DTLS client is the peer all the same
	}
	fmt.Fprintf(b, "a=fingerprint:%s\r\na=setup:%s\r\n", a.Fingerprint, setup)
	for _, e := range m.Extensions {
		fmt.Fprintf(b, "a=extmap:%d %s\r\n", e.ID, e.URI)
	}
	for _, f := range m.Formats {
		f.write(b, a.Direction)
	}
	for _, rid := range m.RIDs {
		fmt.Fprintf(b, "a=rid:%s recv\r\n", rid)
	}
	if len(m.RIDs) > 0 {
		fmt.Fprintf(b, "a=simulcast:recv %s\r\n", strings.Join(m.RIDs, ";"))
	}
	a.writeSources(b, m)
}

// writeSources names the primary source before its retransmissions: the other
// order makes Chromium drop the video without a word.
func (a *Answer) writeSources(b *strings.Builder, m *AnswerMedia) {
	if m.SSRC == 0 {
		return
	}
	fmt.Fprintf(b, "a=msid:%s %s\r\n", a.Name, m.Media.Kind)
	if m.RTXSSRC != 0 {
		fmt.Fprintf(b, "a=ssrc-group:FID %d %d\r\n", m.SSRC, m.RTXSSRC)
	}
	fmt.Fprintf(b, "a=ssrc:%d cname:%s\r\n", m.SSRC, a.Name)
	if m.RTXSSRC != 0 {
		fmt.Fprintf(b, "a=ssrc:%d cname:%s\r\n", m.RTXSSRC, a.Name)
	}
}

// spelled are the names of formats that are not written in capitals.
var spelled = map[string]string{"OPUS": "opus"}

// write is the format's rtpmap and its fellows. RED we send, but do not take.
func (f *Format) write(b *strings.Builder, d Direction) {
	name := f.Name
	if s, ok := spelled[name]; ok {
		name = s
	}
	fmt.Fprintf(b, "a=rtpmap:%d %s/%d", f.PayloadType, name, f.ClockRate)
	if f.Channels > 1 {
		fmt.Fprintf(b, "/%d", f.Channels)
	}
	b.WriteString("\r\n")
	if parameters := f.answered(d); len(parameters) > 0 {
		pairs := make([]string, 0, len(parameters))
		for _, key := range slices.Sorted(maps.Keys(parameters)) {
			pairs = append(pairs, key+"="+parameters[key])
		}
		fmt.Fprintf(b, "a=fmtp:%d %s\r\n", f.PayloadType, strings.Join(pairs, ";"))
	}
	for _, feedback := range f.Feedback {
		fmt.Fprintf(b, "a=rtcp-fb:%d %s\r\n", f.PayloadType, feedback)
	}
	if f.RTX != 0 {
		fmt.Fprintf(b, "a=rtpmap:%d rtx/%d\r\na=fmtp:%d apt=%d\r\n", f.RTX, f.ClockRate, f.RTX, f.PayloadType)
	}
	if f.RED != 0 && d == SendOnly {
		fmt.Fprintf(b, "a=rtpmap:%d red/%d/%d\r\na=fmtp:%d %s\r\n", f.RED, f.ClockRate, f.Channels, f.RED, f.redundant())
	}
}

// answered are the format's parameters as an answer has them: the offer's, where
// both sides must agree on them.
func (f *Format) answered(d Direction) map[string]string {
	switch f.Name {
	case "OPUS":
		// RFC 7587 section 7: stereo either way. Who sends to us puts in what helps
		// against loss (section 6.1); it goes on to those who watch as it came.
		if d == RecvOnly {
			return map[string]string{"minptime": "10", "stereo": "1", "useinbandfec": "1"}
		}
		return map[string]string{"minptime": "10", "stereo": "1", "sprop-stereo": "1"}
	case "H264":
		profile := f.Parameters["profile-level-id"]
		if profile == "" {
			profile = "42e01f"
		}
		return map[string]string{"level-asymmetry-allowed": "1", "packetization-mode": "1", "profile-level-id": profile}
	default:
		return f.Parameters
	}
}
