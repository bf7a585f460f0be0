package api

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"millrace/transmux/bus"
	"millrace/transmux/journal"
	"millrace/transmux/ledger"
)

// scrape is what Prometheus gets.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	b, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("%d %v", w.Code, err)
	}
	return string(b)
}

// says wants whole lines.
func says(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains("\n"+text, "\n"+l+"\n") {
			t.Errorf("no line %q in\n%s", l, text)
		}
	}
}

func TestSessionsAreCountedByKind(t *testing.T) {
	hub := bus.New(bus.Config{})
	m := NewMetrics("x", hub)
	l := ledger.New(journal.New("n", 10))
	l.Watch(m.Sessions(SessionKind{ledger.Viewer, "rtmp"}))
	n := ledger.Numbers{Bytes: 1000, Packets: 10, Lost: 3}
	_, leave := l.Enter(ledger.Session{Role: ledger.Viewer, Protocol: "whep", Numbers: func() ledger.Numbers { return n }})
	_, stay := l.Enter(ledger.Session{Role: ledger.Viewer, Protocol: "whep"})
	defer stay(nil)
	says(t, scrape(t, m), `millrace_sessions{protocol="whep",role="viewer"} 2`, `millrace_sessions{protocol="rtmp",role="viewer"} 0`,
		`millrace_session_bytes_total{protocol="whep",role="viewer"} 1000`)
	n.Bytes = 900 // a counter that goes back would be taken for a restart of the process
	leave(nil)
	leave(nil)
	n.Bytes = 5000 // nobody counts those any more
	says(t, scrape(t, m), `millrace_sessions{protocol="whep",role="viewer"} 1`, `millrace_sessions_total{protocol="whep",role="viewer"} 2`,
		`millrace_session_bytes_total{protocol="whep",role="viewer"} 1000`, `millrace_session_lost_packets_total{protocol="whep",role="viewer"} 3`,
		`millrace_session_duration_seconds_count{protocol="whep",role="viewer"} 1`)
}

// TestSeriesOfStreamsAreBounded publishes more streams than may have series.
func TestSeriesOfStreamsAreBounded(t *testing.T) {
	hub := bus.New(bus.Config{})
	m := NewMetrics("x", hub)
	m.Streams(StreamMetrics{Judge: judge, MaxFrames: 100, MaxBytes: 1000, Named: 2}, hub)
	var streams []*bus.Publisher
	publish := func(name string) {
		p, err := hub.Publish(name, bus.PublisherInfo{})
		if err != nil {
			t.Fatal(err)
		}
		streams = append(streams, p)
	}
	for i := range 5 {
		publish(fmt.Sprintf("live/%d", i))
	}
	says(t, scrape(t, m), `millrace_stream_live{stream="live/0"} 1`, `millrace_stream_live{stream="live/1"} 1`, `millrace_stream_live{stream="other"} 3`,
		`millrace_ring_fullest_ratio{limit="bytes"} 0`, `millrace_warnings{code="no_video"} 0`)
	publish("a") // the first by name, and late
	says(t, scrape(t, m), `millrace_stream_live{stream="live/0"} 1`, `millrace_stream_live{stream="other"} 4`)
	streams[0].Close()
	text := scrape(t, m)
	says(t, text, `millrace_stream_live{stream="a"} 1`, `millrace_stream_live{stream="live/1"} 1`, `millrace_stream_live{stream="other"} 3`)
	if strings.Contains(text, `stream="live/0"`) {
		t.Error("a stream that is over has series")
	}
}

func TestAnswersAreCounted(t *testing.T) {
	m := NewMetrics("x", bus.New(bus.Config{}))
	site := m.Requests(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/whep/live/a":
			w.WriteHeader(http.StatusCreated)
		case "/api/v1/streams":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	for _, path := range []string{"/whep/live/a", "/whep/live/a", "/api/v1/streams", "/", "/watch/live/a"} {
		site.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", path, nil))
	}
	says(t, scrape(t, m), `millrace_http_requests_total{part="whep",status="2xx"} 2`, `millrace_http_requests_total{part="api",status="5xx"} 1`,
		`millrace_http_requests_total{part="pages",status="2xx"} 2`, `millrace_http_requests_total{part="whip",status="4xx"} 0`)
}

func TestPartsOfAFamilyAreAddedUp(t *testing.T) {
	m := NewMetrics("x", bus.New(bus.Config{}))
	f := m.Family("millrace_test_total", "Of the test.", "cause")
	for _, n := range []uint64{1, 2} {
		f.Add("a", func() uint64 { return n })
	}
	f.Add("b", func() uint64 { return 5 })
	says(t, scrape(t, m), `millrace_test_total{cause="a"} 3`, `millrace_test_total{cause="b"} 5`, `millrace_drops_total{cause="viewer_behind"} 0`)
}
