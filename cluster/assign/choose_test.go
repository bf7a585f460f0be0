package assign

import (
	"testing"

	"millrace/cluster/directory"
)

func node(id, region, role string, cpu float64) directory.Peer {
	return directory.Peer{
		Node: directory.Node{ID: id, Region: region, Role: role, HTTP: "http://" + id},
		Load: directory.Load{CPU: cpu},
	}
}

func TestChoose(t *testing.T) {
	draining := node("drains", "eu", "any", 0.1)
	draining.Draining = true
	hidden := node("hidden", "eu", "any", 0)
	hidden.HTTP = ""
	for _, tc := range []struct {
		name   string
		nodes  []directory.Peer
		self   string
		kind   Kind
		region string
		policy Policy
		want   string
	}{
		{"never", []directory.Peer{node("a", "eu", "origin", 1), node("b", "eu", "edge", 0)}, "a", Viewer, "", Never, ""},
		{"an origin takes no viewers", []directory.Peer{node("a", "eu", "origin", 0), node("b", "eu", "edge", 0.9)}, "a", Viewer, "", ByRole, "b"},
		{"an edge takes no publishers", []directory.Peer{node("a", "eu", "edge", 0), node("b", "eu", "origin", 0.9)}, "a", Publisher, "", ByRole, "b"},
		{"by role alone, load does not matter", []directory.Peer{node("a", "eu", "any", 1), node("b", "eu", "any", 0)}, "a", Viewer, "", ByRole, ""},
		{"a node that goes", []directory.Peer{draining, node("b", "eu", "any", 0.5)}, "drains", Viewer, "", ByRole, "b"},
		{"to no node that goes", []directory.Peer{node("a", "eu", "any", 0.9), draining}, "a", Viewer, "", ByLoad, ""},
		{"to none without an address", []directory.Peer{node("a", "eu", "any", 0.9), hidden}, "a", Viewer, "", ByLoad, ""},
		{"there is room here", []directory.Peer{node("a", "eu", "any", 0.7), node("b", "eu", "any", 0)}, "a", Viewer, "", ByLoad, ""},
		{"there is none", []directory.Peer{node("a", "eu", "any", 0.9), node("b", "eu", "any", 0.2)}, "a", Viewer, "", ByLoad, "b"},
		{"nor elsewhere", []directory.Peer{node("a", "eu", "any", 0.9), node("b", "eu", "any", 0.8)}, "a", Viewer, "", ByLoad, ""},
		{"nearer", []directory.Peer{node("a", "eu", "any", 0), node("b", "us", "any", 0.7)}, "a", Viewer, "us", ByLoad, "b"},
		{"nobody is nearer", []directory.Peer{node("a", "eu", "any", 0), node("b", "us", "any", 0)}, "a", Viewer, "asia", ByLoad, ""},
		{"near, and full", []directory.Peer{node("a", "eu", "any", 0.9), node("b", "us", "any", 0), node("c", "eu", "any", 0.3)}, "a", Viewer, "eu", ByLoad, "c"},
		{"nobody else", []directory.Peer{node("a", "eu", "origin", 0)}, "a", Viewer, "", ByLoad, ""},
		{"nobody knows of us yet", nil, "a", Viewer, "", ByLoad, ""},
	} {
		to, ok := Choose(tc.nodes, Request{Kind: tc.kind, Region: tc.region, Self: tc.self, Chance: 0.5}, tc.policy)
		if ok != (tc.want != "") || ok && to.ID != tc.want {
			t.Errorf("%s: %q, %v, want %q", tc.name, to.ID, ok, tc.want)
		}
	}
}

// TestACrowdSpreads: those who come within a second all see the same loads.
func TestACrowdSpreads(t *testing.T) {
	nodes := []directory.Peer{node("self", "eu", "origin", 0), node("idle", "eu", "any", 0), node("half", "eu", "any", 0.5), node("busy", "eu", "any", 0.95)}
	got := map[string]int{}
	const crowd = 1000
	for i := range crowd {
		to, _ := Choose(nodes, Request{Self: "self", Chance: float64(i) / crowd}, ByLoad)
		got[to.ID]++
	}
	if got["idle"] < 700 || got["half"] < 150 || got["busy"] > 20 {
		t.Errorf("%v", got)
	}
}
