package trace

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	pb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// receiver is an OTLP/HTTP collector.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*pb.Span
	node  string
	fails bool
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var from io.Reader = req.Body
		if req.Header.Get("Content-Encoding") == "gzip" {
			unzipped, err := gzip.NewReader(req.Body)
			if err != nil {
				t.Error(err)
				return
			}
			from = unzipped
		}
		b, err := io.ReadAll(from)
		var told collector.ExportTraceServiceRequest
		if err != nil || req.URL.Path != "/v1/traces" || proto.Unmarshal(b, &told) != nil {
			t.Errorf("%s: %d bytes, %v", req.URL.Path, len(b), err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.fails {
			w.WriteHeader(http.StatusBadRequest) // which is not tried again
			return
		}
		for _, rs := range told.ResourceSpans {
			for _, a := range rs.Resource.Attributes {
				if a.Key == "service.instance.id" {
					r.node = a.Value.GetStringValue()
				}
			}
			for _, ss := range rs.ScopeSpans {
				r.spans = append(r.spans, ss.Spans...)
			}
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) open(t *testing.T, share float64) *Tracer {
	t.Helper()
	tracer, err := Open(Config{Endpoint: r.URL + "/v1/traces", Sample: share, Node: "a", Version: "v1"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

func (r *receiver) named(name string) *pb.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.spans, func(s *pb.Span) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return r.spans[i]
}

func TestSpansReachTheCollector(t *testing.T) {
	r := newReceiver(t)
	tracer := r.open(t, 1)
	ctx, join := tracer.Begin(t.Context(), "join", "")
	join.Set("stream", "live/a")
	inner, gate := Start(ctx, "gate")
	if From(inner) != gate || gate == nil {
		t.Error("the context does not have the span")
	}
	gate.End(errors.New("no"))
	gate.End(nil)
	begun := time.Unix(1700000000, 0)
	join.Past("ice", begun, begun.Add(time.Second))
	join.Past("dtls", begun, time.Time{})
	_, elsewhere := tracer.Begin(context.Background(), "relay", join.Carry())
	elsewhere.End(nil)
	join.Stop(errors.New("the peer left"))
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	top, g, ice, relay := r.named("join"), r.named("gate"), r.named("ice"), r.named("relay")
	if top == nil || g == nil || ice == nil || relay == nil || r.named("dtls") != nil || r.node != "a" {
		t.Fatalf("spans %v of node %q", r.spans, r.node)
	}
	for _, child := range []*pb.Span{g, ice, relay} {
		if string(child.ParentSpanId) != string(top.SpanId) || string(child.TraceId) != string(top.TraceId) {
			t.Errorf("%s is not a child of join", child.Name)
		}
	}
	if g.Status.GetCode() != pb.Status_STATUS_CODE_ERROR || top.Status.GetCode() == pb.Status_STATUS_CODE_ERROR {
		t.Errorf("states %v and %v", g.Status, top.Status)
	}
	if ice.EndTimeUnixNano-ice.StartTimeUnixNano != uint64(time.Second) || ice.StartTimeUnixNano != uint64(begun.UnixNano()) {
		t.Errorf("ice took from %d to %d", ice.StartTimeUnixNano, ice.EndTimeUnixNano)
	}
	if n := tracer.Stats(); n.Sent != 4 || n.Lost != 0 {
		t.Errorf("%+v", n)
	}
}

// TestOthersCannotHaveMoreTold names a trace that another process wants told.
func TestOthersCannotHaveMoreTold(t *testing.T) {
	r := newReceiver(t)
	tracer := r.open(t, 0)
	const parent = "00-ffffffffffffffffffffffffffffffff-0123456789abcdef-01"
	ctx, s := tracer.Begin(t.Context(), "join", parent)
	if s != nil || From(ctx) != nil {
		t.Error("it is traced")
	}
	all := r.open(t, 1)
	for _, broken := range []string{"00-1-2-3", strings.Repeat("x", 4096), "00-00000000000000000000000000000000-0000000000000000-01"} {
		if _, s := all.Begin(t.Context(), "join", broken); s == nil || strings.Contains(s.Carry(), "000000000000000000") {
			t.Errorf("%.20q: %q", broken, s.Carry())
		}
	}
	for _, tr := range []*Tracer{tracer, all} {
		if err := tr.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestACollectorThatRefuses(t *testing.T) {
	r := newReceiver(t)
	r.fails = true
	tracer := r.open(t, 1)
	_, s := tracer.Begin(t.Context(), "join", "")
	s.End(nil)
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := tracer.Stats(); n.Sent != 0 || n.Lost != 1 {
		t.Errorf("%+v", n)
	}
}

// TestNothingIsAllocatedWithoutATracer goes through what a join does.
func TestNothingIsAllocatedWithoutATracer(t *testing.T) {
	var none *Tracer
	background := t.Context()
	n := testing.AllocsPerRun(100, func() {
		ctx, join := none.Begin(background, "join", "")
		ctx, same := none.BeginIn(ctx, "join")
		inner, gate := Start(ctx, "gate")
		gate.Set("stream", "live/a")
		gate.End(nil)
		join.Past("ice", time.Time{}, time.Time{})
		same.Child("answer", time.Time{}).End(nil)
		if Into(inner, join) != background || join.Carry() != "" {
			t.Error("there is a span")
		}
		join.Stop(nil)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
