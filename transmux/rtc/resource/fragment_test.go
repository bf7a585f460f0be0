package resource

import (
	"fmt"
	"strings"
	"testing"

	"millrace/transmux/rtc/sender"
)

const (
	candidate = "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n"
	section   = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
	ours      = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
)

func TestFragments(t *testing.T) {
	for name, test := range map[string]struct {
		raw  string
		want fragment
	}{
		"RFC 9725's":             {ours + section + candidate + "a=end-of-candidates\r\n", fragment{"EsAw", "P2uYro0UCOQ4zxjKXaWCBui1", "audio", "0"}},
		"a restart, and no more": {ours, fragment{ufrag: "EsAw", pwd: "P2uYro0UCOQ4zxjKXaWCBui1"}},
		"WHEP's":                 {"a=ice-options:trickle ice2\r\na=group:BUNDLE 0 1\r\n" + section + ours + candidate, fragment{"EsAw", "P2uYro0UCOQ4zxjKXaWCBui1", "audio", "0"}},
		"one candidate":          {section + candidate, fragment{kind: "audio", mid: "0"}},
		"the end":                {"a=end-of-candidates\n", fragment{}},
		"said on each m-line":    {section + ours + "m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\n" + ours, fragment{"EsAw", "P2uYro0UCOQ4zxjKXaWCBui1", "audio", "0"}},
		"names, unknown transports, and what is to come": {section +
			"a=candidate:1 1 udp 2113937151 5b2f6d1e-0d4b-4f6a-bb0b-3e5b9f0a1a55.local 51472 typ host\r\n" +
			"a=candidate:2 1 udp 1 turn.example.org 3478 typ relay raddr 0.0.0.0 rport 0\r\n" +
			"a=candidate:3 1 quic 1 192.0.2.1 9 typ host\r\n" +
			"a=candidate:4 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active\r\n" +
			"a=candidate:5 1 udp 1 2001:db8::1 9 typ new\r\na=candidate:\r\na=future:x\r\n", fragment{kind: "audio", mid: "0"}},
	} {
		if f, err := parseFragment([]byte(test.raw)); err != nil || f != test.want {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

func TestFragmentsThatAreNone(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing":                  "\r\n\r\n",
		"text":                     "hello",
		"JSON":                     `{"candidate":"candidate:1"}`,
		"no value":                 "a\r\n",
		"nothing of ICE":           "a=mid:0\r\n",
		"binary":                   "a=ice-ufrag:\xff\xfe\r\n",
		"a ufrag alone":            "a=ice-ufrag:EsAw\r\n",
		"a password alone":         "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n",
		"a short ufrag":            strings.Replace(ours, "EsAw", "EsA", 1),
		"a long ufrag":             strings.Replace(ours, "EsAw", strings.Repeat("x", 257), 1),
		"a short password":         strings.Replace(ours, "P2uYro", "", 1),
		"a ufrag that parts names": strings.Replace(ours, "EsAw", "Es:w", 1),
		"a ufrag of two words":     strings.Replace(ours, "EsAw", "Es Aw", 1),
		"two ufrags":               ours + strings.Replace(ours, "EsAw", "else", 1),
		"half a candidate":         "a=candidate:1 1 udp 1 192.0.2.1\r\n",
		"no port":                  "a=candidate:1 1 udp 1 192.0.2.1 99999 typ host\r\n",
		"no priority":              "a=candidate:1 1 udp high 192.0.2.1 9 typ host\r\n",
		"too many candidates":      strings.Repeat(candidate, maxCandidates+1),
		"too many m-lines":         strings.Repeat(section, maxSections+1) + ours,
		"a mid that is none":       "m=audio 9 UDP 0\r\na=mid:a b\r\n" + ours,
	} {
		if f, err := parseFragment([]byte(raw)); err == nil {
			t.Errorf("%s is taken for %+v", name, f)
		}
	}
}

func TestTheAnswerToARestart(t *testing.T) {
	f := fragment{ufrag: "EsAw", kind: "video", mid: "v"}
	local := sender.Local{Ufrag: "ours", Pwd: "a password of twenty-two"}
	got := string(f.answer(local, []string{"1 1 udp 2130706431 192.0.2.1 8000 typ host"}))
	want := "a=ice-options:trickle\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:v\r\na=ice-ufrag:ours\r\na=ice-pwd:a password of twenty-two\r\n" +
		"a=candidate:1 1 udp 2130706431 192.0.2.1 8000 typ host\r\na=end-of-candidates\r\n"
	if got != want {
		t.Errorf("%s", got)
	}
}

func FuzzFragment(f *testing.F) {
	f.Add([]byte(ours + section + candidate + "a=end-of-candidates\r\n"))
	f.Add([]byte("a=ice-options:trickle\r\na=group:BUNDLE 0 1\r\n" + section + ours))
	f.Add([]byte("a=candidate:\r\nm=\r\na=mid:\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := parseFragment(raw)
		if err != nil {
			return
		}
		if (got.ufrag == "") != (got.pwd == "") || len(got.ufrag) > 256 || len(got.pwd) > 256 {
			t.Errorf("credentials %q %q", got.ufrag, got.pwd)
		}
		answer := string(got.answer(sender.Local{Ufrag: "ours", Pwd: "a"}, nil))
		for line := range strings.SplitSeq(strings.TrimSuffix(answer, "\r\n"), "\r\n") {
			if len(line) < 2 || line[1] != '=' || strings.ContainsAny(line, "\r\n") {
				t.Errorf("the answer has the line %q", line)
			}
		}
		if _, err := parseFragment(fmt.Append(nil, answer)); err == nil {
			t.Error("a password of one letter is taken")
		}
	})
}
