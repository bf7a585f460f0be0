package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxMetrics bounds an answer of /metrics.
const maxMetrics = 8 << 20

// The metrics that are looked at, where a server has them. Ours says how many
// system calls its packets took; goroutines every Go server tells.
const (
	metricGoroutines = "go_goroutines"
	metricSends      = "millrace_webrtc_sends_total"
	metricPackets    = "millrace_webrtc_packets_total"
	metricUnsent     = "millrace_webrtc_unsent_total"
	metricRounds     = "go_gc_duration_seconds_count" // of the memory collector
)

// scrape gets the metrics of the server that a WHEP address belongs to. A server
// that has none gives none.
func scrape(ctx context.Context, client *http.Client, whep string) (map[string]float64, error) {
	at, err := url.Parse(whep)
	if err != nil {
		return nil, err
	}
	at.Path, at.RawQuery = "/metrics", ""
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", at, resp.Status)
	}
	return parseMetrics(io.LimitReader(resp.Body, maxMetrics)), nil
}

// parseMetrics reads the samples without labels of Prometheus' text format.
func parseMetrics(r io.Reader) map[string]float64 {
	values := map[string]float64{}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		name, text, ok := strings.Cut(lines.Text(), " ")
		if !ok || name == "#" || strings.Contains(name, "{") {
			continue
		}
		text, _, _ = strings.Cut(text, " ") // a timestamp may follow
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			values[name] = v
		}
	}
	return values
}
