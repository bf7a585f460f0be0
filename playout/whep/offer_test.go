package whep

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// chromium is what Chromium 156 offers for recvonly video and audio, shortened
// by most of its codecs.
const chromium = "testdata/chromium-offer.sdp"

func readOffer(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(chromium)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n", "\r\n")
}

func TestChoose(t *testing.T) {
	o, err := parseOffer([]byte(readOffer(t)))
	if err != nil {
		t.Fatal(err)
	}
	for profile, want := range map[string]string{
		"640028": "64001f", // High as High
		"4d401f": "4d001f", // Main as Main
		"42c01f": "42001f", // Constrained Baseline: the first of its kind
		"f4001f": "64001f", // what nobody offers: the richest
		"":       "64001f", // no video yet
	} {
		c, err := choose(o, profile)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.video.parameters["profile-level-id"]; got != want {
			t.Errorf("a stream of %q goes out as %q, want %q", profile, got, want)
		}
		if c.video.parameters["packetization-mode"] != "1" || c.audio.name != "OPUS" {
			t.Errorf("chose %+v and %+v", c.video, c.audio)
		}
	}
}

func TestOffersThatAreRefused(t *testing.T) {
	good := readOffer(t)
	for name, test := range map[string]struct {
		change func(string) string
		want   error
	}{
		"not SDP":            {func(string) string { return "hello" }, errOffer},
		"no m-line":          {func(s string) string { return s[:strings.Index(s, "m=")] }, errOffer},
		"sendonly":           {replace("a=recvonly", "a=sendonly"), errOffer},
		"inactive":           {replace("a=recvonly", "a=inactive"), errOffer},
		"no credentials":     {replace("a=ice-pwd", "a=x-pwd"), errOffer},
		"no fingerprint":     {replace("a=fingerprint:sha-256", "a=fingerprint:md5"), errOffer},
		"passive":            {replace("a=setup:actpass", "a=setup:passive"), errCannot},
		"a data channel":     {replace("m=audio 9 UDP/TLS/RTP/SAVPF", "m=application 9 UDP/DTLS/SCTP"), errCannot},
		"without encryption": {replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), errCannot},
		"two videos":         {replace("m=audio", "m=video"), errCannot},
		"one mid twice":      {replace("a=mid:1", "a=mid:0"), errOffer},
		"no H.264":           {replace("H264/90000", "H265/90000"), errCannot},
		"no Opus":            {replace("opus/48000/2", "speex/48000/2"), errCannot},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := parseOffer([]byte(test.change(good)))
			if err == nil {
				_, err = choose(o, "")
			}
			if !errors.Is(err, test.want) {
				t.Fatalf("it gives %v, want %v", err, test.want)
			}
			if p := problemOf(err); p.Status/100 != 4 || p.Detail == "" {
				t.Errorf("it is answered with %+v", p)
			}
		})
	}
}

func replace(old, other string) func(string) string {
	return func(s string) string { return strings.ReplaceAll(s, old, other) }
}

func FuzzParseOffer(f *testing.F) {
	f.Add([]byte(readOffer(f)))
	f.Add([]byte("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := parseOffer(raw)
		if err != nil {
			if problemOf(err).Status/100 != 4 {
				t.Errorf("%v is answered as our fault", err)
			}
			return
		}
		c, err := choose(o, "640028")
		if err != nil {
			return
		}
		a := answer{chosen: c, cname: "x", videoSSRC: 1, audioSSRC: 2}
		written := a.write(o)
		for line := range strings.SplitSeq(strings.TrimSuffix(string(written), "\r\n"), "\r\n") {
			if len(line) < 2 || line[1] != '=' {
				t.Errorf("the answer has the line %q", line)
			}
		}
	})
}
