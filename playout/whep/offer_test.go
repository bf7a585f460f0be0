package whep

import (
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"millrace/transmux/av"
	"millrace/transmux/rtc/description"
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
	o, err := parse(readOffer(t))
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
		c, err := choose(o, h264(profile), nothingMade)
		if err != nil {
			t.Fatal(err)
		}
		video, audio := c.video.formats[0], c.audio.formats[0]
		if got := video.Parameters["profile-level-id"]; got != want {
			t.Errorf("a stream of %q goes out as %q, want %q", profile, got, want)
		}
		if video.Parameters["packetization-mode"] != "1" || audio.Name != "OPUS" {
			t.Errorf("chose %+v and %+v", video, audio)
		}
	}
}

func TestOffersThatAreRefused(t *testing.T) {
	good := readOffer(t)
	for name, test := range map[string]struct {
		change func(string) string
		want   error
	}{
		"not SDP":            {func(string) string { return "hello" }, description.ErrOffer},
		"no m-line":          {func(s string) string { return s[:strings.Index(s, "m=")] }, description.ErrOffer},
		"sendonly":           {replace("a=recvonly", "a=sendonly"), description.ErrOffer},
		"inactive":           {replace("a=recvonly", "a=inactive"), description.ErrOffer},
		"no credentials":     {replace("a=ice-pwd", "a=x-pwd"), description.ErrOffer},
		"no fingerprint":     {replace("a=fingerprint:sha-256", "a=fingerprint:md5"), description.ErrOffer},
		"passive":            {replace("a=setup:actpass", "a=setup:passive"), description.ErrCannot},
		"a data channel":     {replace("m=audio 9 UDP/TLS/RTP/SAVPF", "m=application 9 UDP/DTLS/SCTP"), description.ErrCannot},
		"without encryption": {replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), description.ErrCannot},
		"two videos":         {replace("m=audio", "m=video"), description.ErrCannot},
		"one mid twice":      {replace("a=mid:1", "a=mid:0"), description.ErrOffer},
		"no codec of ours":   {strings.NewReplacer("H264/90000", "H263/90000", "AV1/90000", "H263/90000", "VP8/90000", "H263/90000").Replace, description.ErrCannot},
		"no Opus":            {strings.NewReplacer("opus/48000/2", "speex/48000/2", "PCM", "XYZ").Replace, description.ErrCannot},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := parse(test.change(good))
			if err == nil {
				_, err = choose(o, nil, nothingMade)
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

func parse(raw string) (*description.Offer, error) {
	return description.ParseOffer([]byte(raw), description.RecvOnly, description.SendRecv)
}

// h264 is a stream of that profile-level-id, or of nothing yet.
func h264(profile string) []*av.Track {
	sps, _ := hex.DecodeString("67" + profile)
	if profile == "" {
		return nil
	}
	return []*av.Track{{ID: 1, Kind: av.Video, Codec: av.H264, Config: [][]byte{sps}}}
}

func replace(old, other string) func(string) string {
	return func(s string) string { return strings.ReplaceAll(s, old, other) }
}

func FuzzParseOffer(f *testing.F) {
	f.Add([]byte(readOffer(f)))
	f.Add([]byte("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := parse(string(raw))
		if err != nil {
			if problemOf(err).Status/100 != 4 {
				t.Errorf("%v is answered as our fault", err)
			}
			return
		}
		c, err := choose(o, h264("640028"), nothingMade)
		if err != nil {
			return
		}
		a := description.Answer{Name: "x", Direction: description.SendOnly}
		for i := range o.Media {
			s := c.video
			if o.Media[i].Kind == av.Audio {
				s = c.audio
			}
			a.Media = append(a.Media, description.AnswerMedia{Media: &o.Media[i], Formats: s.formats, SSRC: 1, RTXSSRC: 2})
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(string(a.Write()), "\r\n"), "\r\n") {
			if len(line) < 2 || line[1] != '=' {
				t.Errorf("the answer has the line %q", line)
			}
		}
	})
}

func nothingMade(*av.Track, []av.Codec) bool { return false }
