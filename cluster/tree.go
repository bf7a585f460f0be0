package cluster

import (
	"context"
	"time"

	"millrace/cluster/wire"
)

// treeTimeout is for the origin's answer; without it this node tells what it knows.
const treeTimeout = time.Second

// Tree is a stream's tree: from its origin down, as far as the nodes have told.
type Tree struct {
	Stream string
	Origin string // the id of the node that publishes it
	// Whole is false where the origin did not answer: then it is this node's way up
	// and what is below it.
	Whole bool
	Nodes []wire.NodeStatus
}

// Tree tells a stream's tree; false if no node is known to have the stream.
func (r *Room) Tree(ctx context.Context, name string) (Tree, bool) {
	path := r.edge.Path(name)
	self := r.self()
	switch {
	case len(path) == 1:
		return r.whole(name, self, r.feed.Below(name)), true
	case len(path) > 1:
		if t, ok := r.ask(ctx, name, path[0]); ok {
			return t, true
		}
		t := Tree{Stream: name, Origin: path[0].Node}
		for i, h := range path[:len(path)-1] {
			n := wire.NodeStatus{Node: h.Node, Region: h.Region, Hops: i}
			if i > 0 {
				n.Parent = path[i-1].Node
			}
			t.Nodes = append(t.Nodes, n)
		}
		t.Nodes = append(t.Nodes, r.edge.Status(name)...)
		return t, true
	}
	place, err := r.dir.Locate(ctx, name)
	if err != nil || place.Node == self.Node {
		return Tree{}, false
	}
	n, known := r.dir.Node(place.Node)
	if !known {
		return Tree{}, false
	}
	if t, ok := r.ask(ctx, name, wire.Hop{Node: n.ID, Region: n.Region, Relay: n.Relay}); ok {
		return t, true
	}
	return Tree{Stream: name, Origin: n.ID, Nodes: []wire.NodeStatus{{Node: n.ID, Region: n.Region}}}, true
}

func (r *Room) ask(ctx context.Context, name string, origin wire.Hop) (Tree, bool) {
	ctx, cancel := context.WithTimeout(ctx, treeTimeout)
	defer cancel()
	answer, err := r.edge.Query(ctx, origin, name)
	if err != nil || len(answer.Path) != 1 {
		return Tree{}, false
	}
	t := r.whole(name, answer.Path[0], answer.Nodes)
	return t, true
}

// whole puts the origin on top.
func (r *Room) whole(name string, origin wire.Hop, below []wire.NodeStatus) Tree {
	top := wire.NodeStatus{Node: origin.Node, Region: origin.Region}
	if s, ok := r.hub.Stream(name); ok && origin.Node == r.dir.Self().ID {
		top.Viewers = s.Viewers
	}
	return Tree{Stream: name, Origin: origin.Node, Whole: true, Nodes: append([]wire.NodeStatus{top}, below...)}
}
