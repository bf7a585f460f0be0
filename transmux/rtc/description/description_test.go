package description

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
)

// read is a description of testdata, with the line ends that SDP has.
func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n", "\r\n")
}

// summary is what an m-line can carry, a word a format that we know.
func summary(m *Media) string {
	words := []string{m.Kind.String(), m.MID}
	for i := range m.Formats {
		f := &m.Formats[i]
		if f.Codec() == 0 {
			continue
		}
		word := fmt.Sprintf("%v=%d", f.Codec(), f.PayloadType)
		if f.RTX != 0 {
			word += fmt.Sprintf("+%d", f.RTX)
		}
		if len(f.Feedback) > 0 {
			word += fmt.Sprintf("(%d)", len(f.Feedback))
		}
		words = append(words, word)
	}
	if len(m.RIDs) > 0 {
		words = append(words, "rids="+strings.Join(m.RIDs, ","))
	}
	for _, s := range m.Sources {
		words = append(words, fmt.Sprintf("ssrc=%d/%d", s.SSRC, s.Repairs))
	}
	if id := m.Extension(ExtensionMID); id != 0 {
		words = append(words, fmt.Sprintf("mid=%d", id))
	}
	return strings.Join(words, " ")
}

func TestOffersOfTheWorld(t *testing.T) {
	for name, test := range map[string]struct {
		direction Direction
		ufrag     string
		media     []string
	}{
		"chromium-watch.sdp": {RecvOnly, "4ZcD", []string{
			"video 0 VP8=96+97(5) H264=102+103(5) H264=106+107(2) H264=127+125(2) AV1=39+40(2) VP9=98+99(2) H264=112+113(2) mid=9",
			"audio 1 opus=111(1) PCMU=0 PCMA=8 mid=9",
		}},
		"chromium-simulcast.sdp": {SendOnly, "uY4n", []string{
			"audio 0 opus=111(1) PCMU=0 PCMA=8 ssrc=3064842461/0 mid=4",
			"video 1 VP8=96+97(5) H264=102+103(2) rids=q,h,f mid=4",
		}},
		"firefox-watch.sdp": {RecvOnly, "058b99ef", []string{
			"audio 0 opus=109 PCMU=0 PCMA=8 mid=3",
			"video 1 VP8=120+124(5) VP9=121+125 H264=126+127(3) H264=105+106 AV1=99+100 mid=3",
		}},
		"safari-watch.sdp": {RecvOnly, "Xk3+", []string{
			"video 0 H264=96+97(5) H264=98+99(2) H265=100+101(1) VP8=102+103(2) VP9=104+105 mid=9",
			"audio 1 opus=111(1) PCMU=0 PCMA=8 mid=9",
		}},
		"gstreamer-publish.sdp": {SendOnly, "jPqz8nCs0aRQdBiIpPtP1VPXmZc9M3wK", []string{
			"video video0 H264=96+97(4) ssrc=1459012341/0 ssrc=3210987654/1459012341",
			"audio audio1 opus=98(1) ssrc=982374651/0",
		}},
		"obs-publish.sdp": {SendOnly, "h1gQ", []string{
			"audio 0 opus=111 ssrc=2890844526/0",
			"video 1 H264=96+97(3) ssrc=2890844527/0",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := ParseOffer([]byte(read(t, name)), test.direction, SendRecv)
			if err != nil {
				t.Fatal(err)
			}
			var media []string
			for i := range o.Media {
				media = append(media, summary(&o.Media[i]))
			}
			if diff := cmp.Diff(test.media, media); diff != "" {
				t.Error(diff)
			}
			if o.Ufrag != test.ufrag || !o.Bundle || !strings.HasPrefix(o.Fingerprint, "sha-256 ") {
				t.Errorf("%q %v %q", o.Ufrag, o.Bundle, o.Fingerprint)
			}
		})
	}
}

// change replaces all of one text by another, and wants it to be there.
func change(t *testing.T, s, old, other string) string {
	t.Helper()
	if !strings.Contains(s, old) {
		t.Fatalf("there is no %q to change", old)
	}
	return strings.ReplaceAll(s, old, other)
}

func TestOffersThatAreRefused(t *testing.T) {
	good := read(t, "chromium-watch.sdp")
	for name, test := range map[string]struct {
		old, other string
		want       error
	}{
		"the wrong way":             {"a=recvonly", "a=sendonly", ErrOffer},
		"no way":                    {"a=recvonly", "a=inactive", ErrOffer},
		"no ufrag":                  {"a=ice-ufrag", "a=x", ErrOffer},
		"a short ufrag":             {"a=ice-ufrag:4ZcD", "a=ice-ufrag:4Zc", ErrOffer},
		"a long ufrag":              {"a=ice-ufrag:4ZcD", "a=ice-ufrag:" + strings.Repeat("x", 257), ErrOffer},
		"a short password":          {"a=ice-pwd:2/1muCWoOi3uLifh0NuRHlig", "a=ice-pwd:short", ErrOffer},
		"another hash":              {"a=fingerprint:sha-256", "a=fingerprint:sha-1", ErrOffer},
		"the same mid":              {"a=mid:1", "a=mid:0", ErrOffer},
		"no mid":                    {"a=mid:", "a=x:", ErrOffer},
		"a port of zero":            {"m=video 9", "m=video 0", ErrOffer},
		"passive":                   {"a=setup:actpass", "a=setup:passive", ErrCannot},
		"no DTLS":                   {"UDP/TLS/RTP/SAVPF", "RTP/AVP", ErrCannot},
		"a data channel":            {"m=audio 9 UDP/TLS/RTP/SAVPF", "m=application 9 UDP/DTLS/SCTP", ErrCannot},
		"two videos":                {"m=audio", "m=video", ErrCannot},
		"no BUNDLE":                 {"a=group:BUNDLE 0 1", "a=x:y", ErrCannot},
		"an m-line not in BUNDLE":   {"a=group:BUNDLE 0 1", "a=group:BUNDLE 0", ErrCannot},
		"RTCP on a port of its own": {"a=rtcp-mux\r\n", "", ErrCannot},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseOffer([]byte(change(t, good, test.old, test.other)), RecvOnly, SendRecv)
			if !errors.Is(err, test.want) {
				t.Errorf("it gives %v, want %v", err, test.want)
			}
		})
	}
	for name, raw := range map[string]string{"nothing": "", "no SDP": "hello", "half": good[:300], "binary": "\x00\xff\xfe", "many m-lines": many(maxMedia + 1)} {
		if _, err := ParseOffer([]byte(raw), RecvOnly); !errors.Is(err, ErrOffer) {
			t.Errorf("%s gives %v", name, err)
		}
	}
	empty := "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
	if _, err := ParseOffer([]byte(empty), RecvOnly); !errors.Is(err, ErrEmpty) || !errors.Is(err, ErrOffer) {
		t.Errorf("no m-line gives %v", err)
	}
}

// many is an offer with so many m-lines.
func many(n int) string {
	return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" + strings.Repeat("m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", n)
}

// TestALoneMLineNeedsLittle: clients written by hand leave out what one m-line
// does not need.
func TestALoneMLineNeedsLittle(t *testing.T) {
	raw := "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n" +
		"a=fingerprint:SHA-256 AB:CD\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0 111\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
	o, err := ParseOffer([]byte(raw), SendOnly, SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	if got := summary(&o.Media[0]); got != "audio  PCMU=0 opus=111" || o.Bundle {
		t.Errorf("%q, in a group: %v", got, o.Bundle)
	}
}

func TestFormatsThatAreNot(t *testing.T) {
	for name, f := range map[string]Format{
		"H.264 without fragments": {Name: "H264", ClockRate: 90000, Parameters: map[string]string{"packetization-mode": "0"}},
		"VP9 of ten bits":         {Name: "VP9", ClockRate: 90000, Parameters: map[string]string{"profile-id": "2"}},
		"AV1 in 4:4:4":            {Name: "AV1", ClockRate: 90000, Parameters: map[string]string{"profile": "1"}},
		"Opus of one channel":     {Name: "OPUS", ClockRate: 48000, Channels: 1},
		"G.711 at 16 kHz":         {Name: "PCMU", ClockRate: 16000, Channels: 1},
		"G.711 in stereo":         {Name: "PCMA", ClockRate: 8000, Channels: 2},
		"something else":          {Name: "SPEEX", ClockRate: 8000},
	} {
		if c := f.Codec(); c != 0 {
			t.Errorf("%s is taken for %v", name, c)
		}
	}
}

func TestAnswers(t *testing.T) {
	good := read(t, "pion-answer.sdp")
	o, err := ParseAnswer([]byte(good), "0", "1")
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Media) != 2 || summary(&o.Media[0]) != "video 0 H264=96+97(2)" || summary(&o.Media[1]) != "audio 1 opus=111" {
		t.Errorf("%+v", o.Media)
	}
	less := change(t, change(t, good, "m=video 9", "m=video 0"), "a=group:BUNDLE 0 1", "a=group:BUNDLE 1")
	if o, err = ParseAnswer([]byte(less), "0", "1"); err != nil || len(o.Media) != 1 || o.Media[0].Kind != av.Audio || o.Ufrag == "" {
		t.Errorf("an answer without video: %+v, %v", o, err)
	}
	for name, raw := range map[string]string{
		"no SDP":            "hello",
		"nothing taken":     change(t, good, "a=recvonly", "a=inactive"),
		"the wrong way":     change(t, good, "a=recvonly", "a=sendonly"),
		"passive":           change(t, good, "a=setup:active", "a=setup:passive"),
		"undecided":         change(t, good, "a=setup:active", "a=setup:actpass"),
		"other mids":        change(t, good, "a=mid:1", "a=mid:2"),
		"one m-line":        good[:strings.Index(good, "m=audio")],
		"no credentials":    change(t, good, "a=ice-pwd", "a=x"),
		"no fingerprint":    change(t, good, "a=fingerprint:sha-256", "a=fingerprint:sha-1"),
		"two transports":    change(t, good, "a=group:BUNDLE 0 1", "a=group:BUNDLE 0"),
		"RTCP by itself":    change(t, good, "a=rtcp-mux\r\n", ""),
		"many m-lines":      many(maxMedia + 1),
		"an offer's m-line": change(t, good, "m=video", "m=application"),
	} {
		if _, err := ParseAnswer([]byte(raw), "0", "1"); !errors.Is(err, ErrAnswer) {
			t.Errorf("%s gives %v", name, err)
		}
	}
}

// TestFeedbackWithoutItsSpace: pion writes "nack " where the RFC has no parameter.
func TestFeedbackWithoutItsSpace(t *testing.T) {
	o, err := ParseOffer([]byte(strings.Replace(read(t, "chromium-watch.sdp"), " nack\r\n", " nack \r\n", 1)), RecvOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range o.Media[0].Formats {
		for _, fb := range f.Feedback {
			if strings.TrimSpace(fb) != fb {
				t.Errorf("%q", fb)
			}
		}
	}
}
