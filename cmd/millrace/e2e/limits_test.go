package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestLimits: who is one too many hears so over every protocol, and is counted.
func TestLimits(t *testing.T) {
	t.Parallel()
	g := start(t, "MILLRACE_LIMITS_STREAMS_PER_ADDRESS=1", "MILLRACE_LIMITS_VIEWERS_PER_ADDRESS=1")
	live := holdLive(g, "live/on", credential{})
	defer live.Close()
	const publishes, watches = "you publish as many streams", "many watch from your address"

	offer := offerOf("sendonly", "actpass", mVideo, mAudio)
	refused := func(path, offer, says string) {
		t.Helper()
		response, body := g.as(http.MethodPost, path, offer, credential{})
		if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") == "" || !strings.Contains(strings.ToLower(string(body)), says) {
			t.Errorf("%s: %s %s", path, response.Status, body)
		}
	}
	overRTMP := func(command, consent, says string) {
		t.Helper()
		client, err := dialRTMP(withDeadline(t, patience), g.rtmp)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { <-client.gone }()
		defer client.Close()
		if err := client.ask("live/on2", command, consent); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("RTMP's %s: %v", command, err)
		}
	}
	refused("/whip/live/two", offer, publishes)
	overRTMP("publish", "NetStream.Publish.Start", publishes)
	if status := overRTSP("rtsp", "ANNOUNCE", false)(g, "live/two", credential{}); status != http.StatusServiceUnavailable {
		t.Errorf("RTSP's ANNOUNCE: %d", status)
	}

	offer = offerOf("recvonly", "actpass", mVideo, mAudio)
	first, said := g.as(http.MethodPost, "/whep/live/on", offer, credential{})
	if first.StatusCode != http.StatusCreated {
		t.Fatalf("%s %s", first.Status, said)
	}
	refused("/whep/live/on", offer, watches)
	overRTMP("play", "NetStream.Play.Start", watches)
	if n := g.metric(`millrace_limit_refusals_total{limit="streams_per_address"}`); n != 3 {
		t.Errorf("%v publishers were counted", n)
	}
	if n := g.metric(`millrace_limit_refusals_total{limit="viewers_per_address"}`); n != 2 {
		t.Errorf("%v viewers were counted", n)
	}
	if gone, _ := g.as(http.MethodDelete, first.Header.Get("Location"), "", credential{}); gone.StatusCode != http.StatusOK {
		t.Error(gone.Status)
	}
	if next, said := g.as(http.MethodPost, "/whep/live/on", offer, credential{}); next.StatusCode != http.StatusCreated {
		t.Errorf("after the first has gone: %s %s", next.Status, said)
	}
}
