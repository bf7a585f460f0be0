package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	// hostileTime is what is promised: an error within that.
	hostileTime = 50 * time.Millisecond
	// hostileTurns is how often each offer is made.
	hostileTurns = 40
	// hostileSpare is what may be held afterwards that was not before: it is less
	// than what one of a hundred of the offers that were made is long.
	hostileSpare = 1 << 20
)

// hostile are offers that nobody makes in earnest.
func hostile(direction string) map[string]string {
	good := offerOf(direction, "actpass", mVideo, mAudio)
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	one := strings.SplitAfter(offerOf(direction, "actpass", mVideo), "\r\n")
	session, media := strings.Join(one[:5], ""), strings.Join(one[5:], "")
	return map[string]string{
		"a megabyte":            good + strings.Repeat("a=x:y\r\n", 1<<20/7),
		"a megabyte in a line":  good + "a=x:" + strings.Repeat("y", 1<<20) + "\r\n",
		"500 m-lines":           session + strings.Repeat(media, 500),
		"500 small m-lines":     session + strings.Repeat("m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", 500),
		"10 000 candidates":     good + many(10_000, "a=candidate:%d 1 udp 2113937151 192.0.2.1 9 typ host\r\n"),
		"unknown extensions":    strings.Replace(good, "a=mid:0", many(2000, "a=extmap:%d urn:x\r\n")+"a=mid:0", 1),
		"unknown payload types": strings.Replace(good, "SAVPF 96 97", "SAVPF"+many(9000, " %d"), 1),
		"endless parameters":    strings.Replace(good, "a=mid:0", "a=fmtp:96 "+many(5000, "p%d=1;")+"\r\na=mid:0", 1),
		"no sense at all":       strings.Repeat("\x00\xff=", 20_000),
		"lines without end":     strings.Repeat("\r\n", 30_000),
		"nothing but m=":        strings.Repeat("m=\r\n", 15_000),
		"no encryption":         strings.ReplaceAll(good, "UDP/TLS/RTP/SAVPF", "RTP/AVP"),
	}
}

// TestHostileOffers: an error in no time, and nothing that is kept.
func TestHostileOffers(t *testing.T) {
	g := start(t)
	g.publish(toneClip, "live/there")
	g.waitLive("live/there")
	transport := &http.Transport{DisableKeepAlives: true}
	client := &http.Client{Transport: transport}
	try := func(endpoint, offer string) (time.Duration, int) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, strings.NewReader(offer))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", typeSDP)
		begun := time.Now()
		response, err := client.Do(request)
		if err != nil {
			t.Error(err)
			return time.Since(begun), 0
		}
		took := time.Since(begun)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || !bytes.Contains(body, []byte("detail")) {
			t.Errorf("%s: %.60q, %v", response.Status, body, err)
		}
		return took, response.StatusCode
	}
	for _, p := range []*protocol{whip, whep} {
		endpoint := g.url(p.path + "live/there")
		for _, offer := range hostile(p.direction) {
			try(endpoint, offer) // what is made once has been made
		}
	}
	before := g.collected()
	for _, p := range []*protocol{whip, whep} {
		endpoint := g.url(p.path + "live/there")
		for name, offer := range hostile(p.direction) {
			var times []time.Duration
			status := 0
			for range hostileTurns {
				took, got := try(endpoint, offer)
				times = append(times, took)
				if status = got; got/100 != 4 {
					t.Errorf("%s, %s: it gives %d", p.name, name, got)
				}
			}
			t.Logf("%s, %s (%d KiB): %d after %v, at worst %v", p.name, name, len(offer)>>10, status,
				quantile(times, 0.5).Round(time.Microsecond), quantile(times, 1).Round(time.Microsecond))
			if quantile(times, 0.5) > slack(hostileTime) {
				t.Errorf("%s, %s: half of them take more than %v", p.name, name, quantile(times, 0.5))
			}
		}
	}
	g.cleared(before, hostileSpare)
	if s, _ := g.stream("live/there"); s.Viewers != 0 {
		t.Errorf("%d viewers are counted", s.Viewers)
	}
}
