package description

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// promised is how long a hostile offer may take; what is asserted leaves room for
// a busy machine.
const promised = 50 * time.Millisecond

// TestHostileOffers: whatever is in it, an offer costs little. Those who call have
// bounded its size long before some of these.
func TestHostileOffers(t *testing.T) {
	good := read(t, "chromium-watch.sdp")
	fill := func(line string, size int) string { return strings.Repeat(line, size/len(line)) }
	numbered := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const most = 64 << 10
	for name, raw := range map[string]string{
		"a megabyte of attributes": good + fill("a=x:y\r\n", 1<<20),
		"a megabyte of one line":   good + "a=x:" + fill("y", 1<<20) + "\r\n",
		"500 m-lines":              many(500),
		"10 000 candidates":        good + numbered("a=candidate:%d 1 udp 2113937151 192.0.2.17 51472 typ host\r\n", 10_000),
		"unknown extensions":       good + numbered("a=extmap:1 urn:x:%d\r\n", most/24),
		"lines":                    good + fill("a=x\r\n", 6*maxLines),
		"a long line":              good + "a=x:" + fill("y", maxLine) + "\r\n",
		"unknown payload types":    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF" + numbered(" %d", most/6) + "\r\n",
		"the same RTX":             good + fill("a=fmtp:97 apt=96\r\n", most),
		"parameters":               good + "a=fmtp:96 " + numbered("p%d=1;", most/8) + "\r\n",
		"feedback":                 good + fill("a=rtcp-fb:96 nack\r\n", most),
		"sources":                  good + numbered("a=ssrc-group:FID %d1 2\r\n", most/24),
		"layers":                   good + numbered("a=rid:%d send\r\n", most/16),
		"groups":                   "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" + "a=group:BUNDLE" + numbered(" %d", most/6) + "\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
		"m-lines and attributes":   "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" + fill("a=x\r\n", most/2) + strings.Repeat("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=sendonly\r\na=rtcp-mux\r\n", maxMedia),
	} {
		begun := time.Now()
		o, err := ParseOffer([]byte(raw), RecvOnly, SendOnly)
		took := time.Since(begun)
		t.Logf("%s (%d KiB): %v, %v", name, len(raw)>>10, took.Round(time.Microsecond), err)
		if took > 3*promised {
			t.Errorf("%s takes %v", name, took)
		}
		if err == nil {
			checkBounds(t, o)
		}
	}
}
