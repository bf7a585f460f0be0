package whep

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"millrace/transmux/av"
	"millrace/transmux/rtc/port"
	"millrace/transmux/rtc/sender"
)

// answer is what goes into an SDP answer beside the offer.
type answer struct {
	local      sender.Local
	candidates []netip.AddrPort
	chosen     chosen
	// cname ties the tracks together (RFC 3550 section 6.5.1) and names their one MediaStream.
	cname                string
	videoSSRC, audioSSRC uint32
}

// write is the SDP answer: sendonly, bundled on the first m-line (RFC 9143), one
// MediaStream.
func (a *answer) write(o *offer) []byte {
	var b strings.Builder
	mids := make([]string, len(o.media))
	for i, m := range o.media {
		mids[i] = m.mid
	}
	b.WriteString("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n")
	fmt.Fprintf(&b, "a=group:BUNDLE %s\r\na=msid-semantic:WMS *\r\n", strings.Join(mids, " "))
	for i, m := range o.media {
		f, ssrc := a.chosen.video, a.videoSSRC
		if m.kind == av.Audio {
			f, ssrc = a.chosen.audio, a.audioSSRC
		}
		fmt.Fprintf(&b, "m=%s 9 UDP/TLS/RTP/SAVPF %d\r\nc=IN IP4 0.0.0.0\r\n", m.kind, f.payloadType)
		fmt.Fprintf(&b, "a=mid:%s\r\na=sendonly\r\na=rtcp-mux\r\na=rtcp-mux-only\r\na=rtcp-rsize\r\n", m.mid)
		fmt.Fprintf(&b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s\r\na=setup:passive\r\n",
			a.local.Ufrag, a.local.Pwd, a.local.Fingerprint)
		f.write(&b)
		fmt.Fprintf(&b, "a=msid:%s %s\r\na=ssrc:%d cname:%s\r\n", a.cname, m.kind, ssrc, a.cname)
		if i == 0 {
			for rank, c := range a.candidates {
				fmt.Fprintf(&b, "a=candidate:%s\r\n", port.CandidateLine(c, rank))
			}
			b.WriteString("a=end-of-candidates\r\n")
		}
	}
	return []byte(b.String())
}

// write is the format's rtpmap and its fellows.
func (f *format) write(b *strings.Builder) {
	if f.name == "OPUS" {
		fmt.Fprintf(b, "a=rtpmap:%d opus/48000/2\r\n", f.payloadType)
		// RFC 7587 section 7: we send stereo; no FEC is in what is made once for all.
		fmt.Fprintf(b, "a=fmtp:%d minptime=10;stereo=1;sprop-stereo=1\r\n", f.payloadType)
		return
	}
	fmt.Fprintf(b, "a=rtpmap:%d H264/90000\r\n", f.payloadType)
	profile := f.parameters["profile-level-id"]
	if profile == "" {
		profile = "42e01f"
	}
	fmt.Fprintf(b, "a=fmtp:%d level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=%s\r\n", f.payloadType, profile)
	for _, feedback := range []string{"nack pli", "ccm fir"} {
		if slices.Contains(f.feedback, feedback) {
			fmt.Fprintf(b, "a=rtcp-fb:%d %s\r\n", f.payloadType, feedback)
		}
	}
}
