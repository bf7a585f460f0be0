package api

import (
	"context"
	"net/http"

	"millrace/transmux/problem"
)

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

// GetStreamTree asks the node that publishes the stream.
func (o operations) GetStreamTree(ctx context.Context, r GetStreamTreeRequestObject) (GetStreamTreeResponseObject, error) {
	if o.cfg.Tree != nil {
		if t, ok := o.cfg.Tree(ctx, r.Name); ok {
			for i := range t.Nodes {
				n := &t.Nodes[i]
				n.Latency, n.HopLatency, n.RTT = micros(n.Latency), micros(n.HopLatency), micros(n.RTT)
			}
			return GetStreamTree200JSONResponse(t), nil
		}
	}
	return nil, &problem.Problem{
		Status: http.StatusNotFound, Title: "There is no such stream", Detail: "No node is known to have " + r.Name + " now.",
	}
}

// micros leaves out what nobody measures.
func micros(seconds float64) float64 { return float64(int64(seconds*1e6+.5)) / 1e6 }
