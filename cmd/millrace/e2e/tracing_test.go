package e2e

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	pb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// spans is a collector of traces: OTLP over HTTP.
type spans struct {
	*httptest.Server
	mu   sync.Mutex
	all  []*pb.Span
	node map[*pb.Span]string
}

func collect(t *testing.T) *spans {
	c := &spans{node: map[*pb.Span]string{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" && err == nil {
			var unzipped *gzip.Reader
			if unzipped, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
				body, err = io.ReadAll(unzipped)
			}
		}
		var told collector.ExportTraceServiceRequest
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &told) != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, from := range told.ResourceSpans {
			node := ""
			for _, a := range from.Resource.Attributes {
				if a.Key == "service.instance.id" {
					node = a.Value.GetStringValue()
				}
			}
			for _, scope := range from.ScopeSpans {
				for _, s := range scope.Spans {
					c.all = append(c.all, s)
					c.node[s] = node
				}
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// named is the span of that name and node, nil while there is none; of a trace, if
// one is given.
func (c *spans) named(name, node string, trace []byte) *pb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.all, func(s *pb.Span) bool {
		return s.Name == name && c.node[s] == node && (trace == nil || bytes.Equal(s.TraceId, trace))
	})
	if i < 0 {
		return nil
	}
	return c.all[i]
}

// TestTraces has a viewer watch at one node what is published at another: its join
// is one trace over both, and every phase is in it. Another one comes to the wrong
// node first.
func TestTraces(t *testing.T) {
	t.Parallel()
	const name = "live/traced"
	c := collect(t)
	tracing := "MILLRACE_TRACING_ENDPOINT=" + c.URL
	edge := node(t, "edge", "127.0.0.61", nil, tracing, "MILLRACE_NODE_ROLE=edge")
	if err := poll(t.Context(), patience, func() bool { return edge.directory() != "" }); err != nil {
		t.Fatal("no directory is served")
	}
	origin := node(t, "origin", "127.0.0.62", edge, tracing, "MILLRACE_NODE_ROLE=origin")
	edge.knows(2)
	origin.knows(2)
	encoder := origin.publish(zeroLatency, name)
	origin.waitLive(name)
	viewer := edge.watch(withDeadline(t, patience), name)
	viewer.more(t, 10)
	sent := origin.watch(withDeadline(t, patience), name) // to the edge, by 307
	sent.more(t, 1)
	encoder.kill()
	browser := &exam{T: t, protocol: &protocol{name: "WHIP", path: "/whip/"}, g: origin}
	browser.publishes("live/browser", rendition{clip: zeroLatency})
	origin.waitLive("live/browser")

	wait := func(name, node string, of *pb.Span) *pb.Span {
		t.Helper()
		var trace []byte
		if of != nil {
			trace = of.TraceId
		}
		var s *pb.Span
		if err := poll(t.Context(), patience, func() bool { s = c.named(name, node, trace); return s != nil }); err != nil {
			t.Fatalf("no span %s of %s\n%s", name, node, edge.tail())
		}
		return s
	}
	join := wait("join", "edge", nil)
	if len(join.ParentSpanId) != 0 {
		t.Error("the join is part of something")
	}
	for _, part := range []string{"gate", "subscribe", "answer", "ice", "dtls", "keyframe"} {
		if s := wait(part, "edge", join); !bytes.Equal(s.ParentSpanId, join.SpanId) || s.EndTimeUnixNano < s.StartTimeUnixNano {
			t.Errorf("%s is not a part of the join: %v", part, s)
		}
	}
	pull := wait("relay.pull", "edge", join)
	feed := wait("relay.feed", "origin", join)
	if !bytes.Equal(pull.ParentSpanId, wait("subscribe", "edge", join).SpanId) || !bytes.Equal(feed.ParentSpanId, pull.SpanId) {
		t.Error("the hop is not a part of the subscription")
	}
	first := wait("join", "origin", nil)
	second := wait("join", "edge", first)
	if !bytes.Equal(second.ParentSpanId, first.SpanId) {
		t.Error("where a viewer was sent on is not a part of where it came")
	}
	wait("keyframe", "edge", first)
	publish := wait("publish", "origin", nil)
	if s := wait("gate", "origin", publish); !bytes.Equal(s.ParentSpanId, publish.SpanId) {
		t.Error("the gate is not a part of publishing")
	}
	wait("claim", "origin", publish)
	for _, g := range []*gateway{edge, origin} {
		if _, metrics := g.request(http.MethodGet, g.url("/metrics"), "", ""); !bytes.Contains(metrics, []byte("\nmillrace_trace_spans_lost_total 0\n")) {
			t.Error("spans are lost")
		}
	}
	if err := sent.Close(); err != nil {
		t.Error(err)
	}
	origin.stop() // which ends the browser's session, and tells of it
	dtls := wait("dtls", "origin", nil)
	if s := wait("publish", "origin", dtls); !bytes.Equal(dtls.ParentSpanId, s.SpanId) {
		t.Error("the handshake is not a part of publishing")
	}
	wait("claim", "origin", dtls)
}
