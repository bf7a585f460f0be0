package receiver

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

var print32 = strings.TrimSuffix(strings.Repeat("AB:", 32), ":")

// shortAnswer names a candidate where nobody is: discard's port.
var shortAnswer = strings.Join([]string{
	"v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1",
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97", "a=mid:0", "a=sendonly", "a=setup:passive",
	"a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx", "a=fingerprint:sha-256 " + print32,
	"a=candidate:1 1 udp 2130706431 192.0.2.1 8000 typ host",
	"a=candidate:2 1 tcp 2130706431 127.0.0.1 8000 typ host tcptype passive",
	"a=candidate:3 1 udp 2130706431 ::1 8000 typ host",
	"a=candidate:4 1 udp 2130706431 host.local 8000 typ host",
	"a=candidate:5 2 udp 2130706431 127.0.0.1 8001 typ host",
	"a=candidate:6 1 UDP 2130706431 127.0.0.1 9 typ host",
	"m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:1", "a=sendonly",
	"m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "",
}, "\r\n")

func TestAnswer(t *testing.T) {
	a, err := parseAnswer(shortAnswer)
	if err != nil {
		t.Fatal(err)
	}
	if a.ufrag != "abcd" || a.pwd != "abcdefghijklmnopqrstuvwx" || a.fingerprint != "sha-256 "+print32 || a.active {
		t.Errorf("%+v", a)
	}
	if a.kinds[96] != video || a.kinds[97] != video || a.kinds[111] != audio || a.kinds[0] != unknown {
		t.Errorf("kinds %v", a.kinds)
	}
	if len(a.candidates) != 2 || a.nearest() != netip.MustParseAddrPort("127.0.0.1:9") {
		t.Errorf("candidates %v, nearest %v", a.candidates, a.nearest())
	}
}

func TestAnswersThatRefuse(t *testing.T) {
	for name, tt := range map[string]struct {
		change  [2]string
		audio   kind
		invalid bool
	}{
		"as it is":       {[2]string{"", ""}, audio, false},
		"refused sound":  {[2]string{"m=audio 9", "m=audio 0"}, unknown, false},
		"inactive sound": {[2]string{"a=mid:1\r\na=sendonly", "a=mid:1\r\na=inactive"}, unknown, false},
		"no credentials": {[2]string{"a=ice-pwd", "a=x-pwd"}, audio, true},
		"no fingerprint": {[2]string{"sha-256", "sha-1"}, audio, true},
		"no candidate":   {[2]string{"a=candidate", "a=x"}, audio, true},
		"endless":        {[2]string{"s=-", strings.Repeat("\n", maxLines)}, unknown, true},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := parseAnswer(replaced(tt.change))
			if errors.Is(err, errAnswer) != tt.invalid {
				t.Fatalf("got %v", err)
			}
			if err == nil && a.kinds[111] != tt.audio {
				t.Errorf("sound is of kind %v", a.kinds[111])
			}
		})
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(shortAnswer)
	f.Fuzz(func(t *testing.T, sdp string) {
		if a, err := parseAnswer(sdp); err == nil && !a.nearest().IsValid() {
			t.Error("an answer without a candidate is taken")
		}
	})
}

func TestTokens(t *testing.T) {
	l := newLocal("sha-256 00", netip.MustParseAddrPort("127.0.0.1:1"))
	if len(l.ufrag) != 4 || len(l.pwd) != 24 || strings.Contains(l.pwd, "=") {
		t.Errorf("%+v", l)
	}
}

func replaced(change [2]string) string {
	if change[0] == "" {
		return shortAnswer
	}
	return strings.ReplaceAll(shortAnswer, change[0], change[1])
}
