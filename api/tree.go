package api

import (
	"context"
	"net/http"
	"strings"
)

// treePath is where streams' trees are, below /api.
const treePath = "/v1/cluster/streams/"

// Tree is by which nodes a stream goes through the cluster.
type Tree struct {
	Stream string `json:"stream"`
	Origin string `json:"origin"` // the id of the node that publishes it
	// Whole is false where the origin did not answer: then the nodes are those that
	// this one knows of.
	Whole bool       `json:"whole"`
	Nodes []TreeNode `json:"nodes"` // the origin first
}

// TreeNode is one node of it. Times are in seconds.
type TreeNode struct {
	Node      string `json:"node"`
	Parent    string `json:"parent"` // "" for the origin
	Region    string `json:"region"`
	Transport string `json:"transport"` // of the link to the parent: "quic" or "tcp"
	Viewers   int    `json:"viewers"`
	Hops      int    `json:"hops"`
	// Latency is from a frame's arrival at the origin to its arrival here, HopLatency
	// the part of it that the link from the parent takes: medians of the last frames.
	Latency    float64 `json:"latency"`
	HopLatency float64 `json:"hop_latency"`
	RTT        float64 `json:"rtt"`
	Frames     uint64  `json:"frames"` // that came over the link
	Lost       uint64  `json:"lost"`   // that did not
}

// Trees finds a stream's tree; false if no node has the stream.
type Trees func(ctx context.Context, stream string) (Tree, bool)

// oneTree takes the name as oneStream does.
func (a *API) oneTree(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/api"+treePath)
	if a.cfg.Tree != nil {
		if t, ok := a.cfg.Tree(r.Context(), name); ok {
			for i := range t.Nodes {
				n := &t.Nodes[i]
				n.Latency, n.HopLatency, n.RTT = micros(n.Latency), micros(n.HopLatency), micros(n.RTT)
			}
			answer(w, t)
			return
		}
	}
	fail(w, http.StatusNotFound, "There is no such stream", "No node is known to have "+name+" now.")
}

// micros leaves out what nobody measures.
func micros(seconds float64) float64 { return float64(int64(seconds*1e6+.5)) / 1e6 }
