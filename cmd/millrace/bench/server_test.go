package bench

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestServerListens(t *testing.T) {
	b := newBench(t)
	s, err := b.startServer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := s.target()
	metrics, err := scrape(t.Context(), clientFor(t), at.whep)
	if err != nil || metrics[metricGoroutines] < 5 {
		t.Errorf("metrics %v, %v", metrics, err)
	}
	if _, ok := metrics[metricSends]; !ok {
		t.Errorf("the server no longer tells %s", metricSends)
	}
	if used, err := usageOf(at.pid); err != nil || used.rss == 0 {
		t.Errorf("%+v, %v", used, err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

// TestServerThatDoesNot says why in the server's own words.
func TestServerThatDoesNot(t *testing.T) {
	b := newBench(t)
	program := b.Executable
	b.Executable = "/bin/false"
	if _, err := b.startServer(t.Context()); err == nil || !strings.Contains(err.Error(), "ended at once") {
		t.Errorf("got %v", err)
	}
	b.Executable = "/no/such/file"
	if _, err := b.startServer(t.Context()); err == nil {
		t.Error("no error")
	}
	b.Executable = program
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	if _, err := b.startServer(ctx); err == nil {
		t.Error("no error")
	}
}

func TestParseMetrics(t *testing.T) {
	got := parseMetrics(strings.NewReader(`# HELP go_goroutines Number of goroutines
# TYPE go_goroutines gauge
go_goroutines 23
with_labels{a="b c"} 7
timed 1.5e3 1700000000
broken one
alone
`))
	if len(got) != 2 || got["go_goroutines"] != 23 || got["timed"] != 1500 {
		t.Errorf("%v", got)
	}
}
