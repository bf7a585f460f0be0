package resource

import (
	"net/http"
	"strings"
	"testing"
)

func TestAgents(t *testing.T) {
	for agent, want := range map[string]string{
		"": "",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36":                                   "Chrome 156",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36":                           "Chrome 156",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.3000.1":        "Edge 156",
		"Mozilla/5.0 (X11; Linux x86_64; rv:151.0) Gecko/20100101 Firefox/151.0":                                                                  "Firefox 151",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15":                   "Safari 26.1",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1": "Safari 26.1",
		"Mozilla/5.0 (something else)":      "Mozilla/5.0 (something else)",
		"OBS Studio/32.0 (linux)":           "OBS Studio/32.0 (linux)",
		strings.Repeat("x", 1000):           strings.Repeat("x", maxAgent),
		strings.Repeat("x", 199) + "\u00e9": strings.Repeat("x", 199),
	} {
		if got := agentOf(&http.Request{Header: http.Header{"User-Agent": {agent}}}); got != want {
			t.Errorf("%q is %q, not %q", agent, got, want)
		}
	}
}
