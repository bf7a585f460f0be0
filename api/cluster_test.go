package api

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClusterAnswer(t *testing.T) {
	_, a, site := newSite(t)
	var alone map[string]any
	if err := json.Unmarshal(get(site, "GET", "/api/v1/cluster").Body.Bytes(), &alone); err != nil {
		t.Fatal(err)
	}
	if nodes, ok := alone["nodes"].([]any); !ok || len(nodes) != 0 || alone["clustered"] != false {
		t.Errorf("without a cluster: %v", alone)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.FixedZone("", 3600))
	a.cfg.Cluster = func() Cluster {
		return Cluster{
			Node: "a", Clustered: true, Connected: true, Since: at, Clerk: "b", Claims: 2, Unsettled: 1, Watches: 3,
			Nodes: []Node{
				{ID: "a", Region: "eu", Role: "any", Version: "v1", Since: at, Silent: -1e-9, Load: Load{Viewers: 4, Streams: 2, Bitrate: 5e6, CPU: 1.0 / 3}},
				{ID: "b", Role: "edge", HTTP: "http://b", Relay: []string{"b:4443"}, Draining: true, Since: at, Silent: 0.4567},
			},
			Directory: &Directory{Leader: "b", Wanted: 2, Copies: []DirectoryCopy{{Server: "a", There: true}, {Server: "b", There: true, Current: true}}},
		}
	}
	var got map[string]any
	if err := json.Unmarshal(get(site, "GET", "/api/v1/cluster").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	const since = "2026-01-02T02:04:05.678Z"
	load := func(viewers, streams, bitrate, cpu float64) map[string]any {
		return map[string]any{"viewers": viewers, "streams": streams, "bitrate": bitrate, "cpu": cpu}
	}
	want := map[string]any{
		"node": "a", "clustered": true, "connected": true, "since": since, "cause": "", "clerk": "b",
		"claims": 2.0, "unsettled": 1.0, "watches": 3.0,
		"directory": map[string]any{"leader": "b", "wanted": 2.0, "copies": []any{
			map[string]any{"server": "a", "there": true, "current": false},
			map[string]any{"server": "b", "there": true, "current": true},
		}},
		"nodes": []any{
			map[string]any{
				"id": "a", "region": "eu", "role": "any", "version": "v1", "http": "", "relay": []any{}, "draining": false,
				"since": since, "silent": 0.0, "load": load(4, 2, 5e6, 0.33),
			},
			map[string]any{
				"id": "b", "region": "", "role": "edge", "version": "", "http": "http://b", "relay": []any{"b:4443"}, "draining": true,
				"since": since, "silent": 0.46, "load": load(0, 0, 0, 0),
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
