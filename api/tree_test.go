package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/bus"
)

func TestTree(t *testing.T) {
	hub := bus.New(bus.Config{})
	defer hub.Close()
	log := slog.New(slog.DiscardHandler)
	trees := func(_ context.Context, name string) (Tree, bool) {
		return Tree{Stream: name, Origin: "a", Whole: true, Nodes: []TreeNode{
			{Node: "a"},
			{Node: "b", Parent: "a", Region: "eu", Transport: "quic", Viewers: 2, Hops: 1, Latency: .0123456789, HopLatency: .001, RTT: .02, Frames: 5, Lost: 1},
		}}, name == "live/a"
	}
	site := New(Config{Tree: trees}, hub, nil, NewMetrics("x", hub), log).Handler(nil)
	none := New(Config{}, hub, nil, NewMetrics("x", hub), log).Handler(nil)
	const want = `{"stream":"live/a","origin":"a","whole":true,"nodes":[
		{"node":"a","parent":"","region":"","transport":"","viewers":0,"hops":0,"latency":0,"hop_latency":0,"rtt":0,"frames":0,"lost":0},
		{"node":"b","parent":"a","region":"eu","transport":"quic","viewers":2,"hops":1,"latency":0.012346,"hop_latency":0.001,"rtt":0.02,"frames":5,"lost":1}]}`
	for _, tc := range []struct {
		site   http.Handler
		path   string
		status int
	}{
		{site, "/api/v1/cluster/streams/live/a", http.StatusOK},
		{site, "/api/v1/cluster/streams/live%2Fa", http.StatusOK},
		{site, "/api/v1/cluster/streams/live/b", http.StatusNotFound},
		{none, "/api/v1/cluster/streams/live/a", http.StatusNotFound},
	} {
		w := httptest.NewRecorder()
		tc.site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, tc.path, nil))
		if w.Code != tc.status {
			t.Errorf("%s: %d", tc.path, w.Code)
		}
		if w.Code != http.StatusOK {
			continue
		}
		var got, expected any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(want), &expected); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Error(diff)
		}
	}
}
