package description

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// senderAnswer is a server's answer to an offer to receive both kinds.
const senderAnswer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n" +
	"a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 AB:CD\r\na=setup:passive\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n" +
	"a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n" +
	"a=candidate:1 1 udp 2130706431 192.0.2.1 8000 typ host\r\n" +
	"a=candidate:2 1 UDP 2130706430 2001:db8::1 8000 typ host\r\n" +
	"a=candidate:3 1 udp 2130706430 192.0.2.1 8000 typ host\r\n" +
	"a=candidate:4 1 tcp 2130706430 192.0.2.1 8000 typ host tcptype passive\r\n" +
	"a=candidate:5 2 udp 2130706430 192.0.2.1 8001 typ host\r\n" +
	"a=candidate:6 1 udp 2130706430 abcd.local 8000 typ host\r\n" +
	"a=candidate:7 1 udp 2130706430 0.0.0.0 8000 typ host\r\n" +
	"a=candidate:8 1 udp 2130706430 224.0.0.1 8000 typ host\r\n" +
	"a=candidate:9 1 udp 2130706430 192.0.2.1 0 typ host\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"

func TestParseSender(t *testing.T) {
	s, err := ParseSender([]byte(senderAnswer), "0", "1")
	if err != nil {
		t.Fatal(err)
	}
	want := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:8000"), netip.MustParseAddrPort("[2001:db8::1]:8000")}
	if diff := cmp.Diff(want, s.Addresses, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if !s.Passive || len(s.Media) != 2 || s.Media[0].Formats[0].RTX != 97 || s.Ufrag != "abcd" {
		t.Errorf("%+v", s)
	}
	for _, tc := range []struct{ name, old, new, want string }{
		{"active", "a=setup:passive", "a=setup:active", ""},
		{"actpass", "a=setup:passive", "a=setup:actpass", "a=setup must be"},
		{"no setup", "a=setup:passive\r\n", "", "a=setup must be"},
		{"recvonly", "a=sendonly", "a=recvonly", "m=video is recvonly"},
		{"sound refused", "m=audio 9", "m=audio 0", ""},
		{"inactive", "a=sendonly", "a=inactive", "takes nothing"},
		{"another mid", "a=mid:1", "a=mid:2", "the offer had \"1\""},
		{"no fingerprint", "a=fingerprint:sha-256 AB:CD\r\n", "", "sha-256 fingerprint"},
	} {
		_, err := ParseSender([]byte(strings.ReplaceAll(senderAnswer, tc.old, tc.new)), "0", "1")
		if tc.want == "" && err != nil || tc.want != "" && (!errors.Is(err, ErrAnswer) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// FuzzParseSender: whatever a server answers, what is taken of it is bounded.
func FuzzParseSender(f *testing.F) {
	f.Add([]byte(senderAnswer))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := ParseSender(raw, "0", "1")
		if err != nil {
			if !errors.Is(err, ErrAnswer) {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(s.Addresses) > maxAddresses || len(s.Media) == 0 || len(s.Media) > 2 {
			t.Fatalf("%d addresses, %d m-lines", len(s.Addresses), len(s.Media))
		}
		for _, a := range s.Addresses {
			if !a.IsValid() || a.Port() == 0 {
				t.Fatal(a)
			}
		}
	})
}
