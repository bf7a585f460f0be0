package rtsp

import (
	"strings"
	"testing"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/sdp"
	"github.com/google/go-cmp/cmp"
)

// hikvision is what a common camera says.
const hikvision = "v=0\r\no=- 1700000000000000 1700000000000000 IN IP4 192.0.2.10\r\ns=Media Presentation\r\ne=NONE\r\nb=AS:5050\r\nt=0 0\r\n" +
	"a=control:rtsp://192.0.2.10/Streaming/Channels/101/\r\nm=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\nb=AS:5000\r\na=recvonly\r\n" +
	"a=x-dimensions:1920,1080\r\na=control:rtsp://192.0.2.10/Streaming/Channels/101/trackID=1\r\na=rtpmap:96 H264/90000\r\n" +
	"a=fmtp:96 profile-level-id=420029; packetization-mode=1; sprop-parameter-sets=Z00AKZpmA8ARPy4C3AQEBQAAAwABAAADADI0BA==,aO48gA==\r\n" +
	"m=audio 0 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\na=recvonly\r\na=control:trackID=2\r\n" +
	"m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:trackID=3\r\n"

func TestParseSDP(t *testing.T) {
	got, err := ParseSDP([]byte(hikvision))
	if err != nil {
		t.Fatal(err)
	}
	want := []Media{
		{Kind: "video", Control: "rtsp://192.0.2.10/Streaming/Channels/101/trackID=1", Formats: []Format{{
			PayloadType: 96, Encoding: "h264", ClockRate: 90000, Parameters: map[string]string{
				"profile-level-id": "420029", "packetization-mode": "1",
				"sprop-parameter-sets": "Z00AKZpmA8ARPy4C3AQEBQAAAwABAAADADI0BA==,aO48gA==",
			},
		}}},
		{Kind: "audio", Control: "trackID=2", Formats: []Format{{PayloadType: 8, Encoding: "pcma", ClockRate: 8000, Channels: 1}}},
		{Kind: "application", Control: "trackID=3", Formats: []Format{{PayloadType: 107, Encoding: "vnd.onvif.metadata", ClockRate: 90000}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseSDPOfAllSorts(t *testing.T) {
	for name, tc := range map[string]struct {
		sdp   string
		media int // 0: an error
	}{
		"nothing":             {"", 0},
		"no media":            {"v=0\r\na=control:*\r\n", 0},
		"bare line ends":      {"v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\n", 1},
		"no formats":          {"m=audio 0 RTP/AVP\r\n", 1},
		"not even a protocol": {"m=audio\r\nm=\r\n", 2},
		"wild payload types":  {"m=audio 0 RTP/AVP 300 -1 x 128 127\r\n", 1},
		"too many":            {strings.Repeat("m=audio 0 RTP/AVP 0\r\n", 17), 0},
		"too long":            {"m=audio 0 RTP/AVP 0\r\na=x:" + strings.Repeat("x", 64<<10), 0},
	} {
		media, err := ParseSDP([]byte(tc.sdp))
		if len(media) != tc.media || (err == nil) != (tc.media > 0) {
			t.Errorf("%s: %+v, %v", name, media, err)
		}
	}
}

// FuzzParseSDP: whatever a camera says, the library understands what it is told of
// it, media by media; and what we would say ourselves comes back as it was.
func FuzzParseSDP(f *testing.F) {
	f.Add([]byte(hikvision))
	f.Add([]byte("m=video 1 RTP/AVP 96 97\na=rtpmap:97 VP8/90000\na=fmtp:97 a=b;c\na=control:x\n"))
	f.Add([]byte("a=control:*\nm=audio 0 RTP/AVP 14 0 35\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		control, media, err := parseSDP(data)
		if err != nil {
			return
		}
		var plainly sdp.SessionDescription
		if err := plainly.Unmarshal(plain(control, media)); err != nil {
			t.Fatalf("%v: %q", err, plain(control, media))
		}
		var described description.Session
		if err := described.Unmarshal(&plainly); err != nil {
			t.Fatalf("%v: %q", err, plain(control, media))
		}
		if len(described.Medias) != len(media) {
			t.Fatalf("%d media of %d", len(described.Medias), len(media))
		}
		for i, m := range media {
			if n := len(described.Medias[i].Formats); n != max(len(m.Formats), 1) {
				t.Fatalf("media %d: %d formats of %d", i, n, len(m.Formats))
			}
			if strings.ContainsAny(m.Control, "\r\n") {
				t.Fatalf("control %q", m.Control)
			}
		}
	})
}
