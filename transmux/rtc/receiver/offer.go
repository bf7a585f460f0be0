package receiver

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
)

// The payload types of the offer, Chromium's.
const (
	opusType = 111
	baseType = 96 // of the first H.264 profile; the others follow, by two
)

// profiles are the H.264 profile-level-ids that Chromium lists with
// packetization-mode=1. It decodes higher levels all the same.
func profiles() []string { return []string{"42001f", "42e01f", "4d001f", "64001f"} }

// local is our side of a session.
type local struct {
	ufrag, pwd, fingerprint string
	address                 netip.AddrPort
}

// newLocal makes credentials: 24 and 144 random bits (RFC 8445 section 5.3 wants
// 24 and 128).
func newLocal(fingerprint string, address netip.AddrPort) local {
	return local{ufrag: token(3), pwd: token(18), fingerprint: fingerprint, address: address}
}

// token is of n random bytes in characters that ICE allows; n is a multiple of 3.
func token(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.StdEncoding.EncodeToString(b)
}

// fingerprint is the SHA-256 of a certificate as SDP writes it (RFC 8122).
func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return "sha-256 " + strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// offer is the text of an offer to watch, as Chromium's for one video and one
// audio transceiver, without what is never used here: codecs but H.264 and Opus,
// header extensions, retransmission formats.
func (l *local) offer() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("v=0\r\no=- %d 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0", l.address.Port())
	line("a=group:BUNDLE 0 1\r\na=msid-semantic: WMS")
	var types []string
	for i := range profiles() {
		types = append(types, fmt.Sprint(baseType+2*i))
	}
	l.media(line, "video", 0, strings.Join(types, " "))
	for i, profile := range profiles() {
		pt := baseType + 2*i
		line("a=rtpmap:%d H264/90000", pt)
		for _, feedback := range []string{"goog-remb", "ccm fir", "nack", "nack pli"} {
			line("a=rtcp-fb:%d %s", pt, feedback)
		}
		line("a=fmtp:%d level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=%s", pt, profile)
	}
	l.media(line, "audio", 1, fmt.Sprint(opusType))
	line("a=rtpmap:%d opus/48000/2\r\na=fmtp:%[1]d minptime=10;stereo=1;useinbandfec=1", opusType)
	return b.String()
}

func (l *local) media(line func(string, ...any), kind string, mid int, types string) {
	line("m=%s %d UDP/TLS/RTP/SAVPF %s", kind, l.address.Port(), types)
	line("c=IN IP4 %s\r\na=rtcp:9 IN IP4 0.0.0.0", l.address.Addr())
	if mid == 0 {
		line("a=candidate:1 1 udp 2130706431 %s %d typ host generation 0", l.address.Addr(), l.address.Port())
	}
	line("a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=ice-options:trickle", l.ufrag, l.pwd)
	line("a=fingerprint:%s\r\na=setup:actpass\r\na=mid:%d\r\na=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize", l.fingerprint, mid)
}
