package api

import (
	"context"
	"time"
)

// Cluster is what this node knows of the others.
type Cluster struct {
	Node      string    `json:"node"`      // this one's id
	Clustered bool      `json:"clustered"` // false: it is alone by its configuration
	Connected bool      `json:"connected"` // the directory answers
	Since     time.Time `json:"since"`     // of that
	Cause     string    `json:"cause"`     // why it does not
	Clerk     string    `json:"clerk"`     // the node that keeps the list of who lives
	Claims    int       `json:"claims"`    // streams published here
	Unsettled int       `json:"unsettled"` // of these, the ones the directory does not know yet
	Watches   int       `json:"watches"`   // streams followed
	Nodes     []Node    `json:"nodes"`     // that live, by id, this one among them
}

// Node is one node.
type Node struct {
	ID       string    `json:"id"`
	Region   string    `json:"region"`
	Role     string    `json:"role"`
	Version  string    `json:"version"`
	HTTP     string    `json:"http"`
	Relay    []string  `json:"relay"`
	Draining bool      `json:"draining"`
	Since    time.Time `json:"since"`
	Silent   float64   `json:"silent"` // seconds since it was last heard of
	Load     Load      `json:"load"`
}

// Load is how much a node has to do.
type Load struct {
	Viewers int     `json:"viewers"`
	Streams int     `json:"streams"`
	Bitrate int64   `json:"bitrate"` // sent, bits/s
	CPU     float64 `json:"cpu"`     // share of the machine's processors, 0 to 1
}

// GetCluster answers for the node that is asked: another one may know otherwise.
func (o operations) GetCluster(context.Context, GetClusterRequestObject) (GetClusterResponseObject, error) {
	var c Cluster
	if o.cfg.Cluster != nil {
		c = o.cfg.Cluster()
	}
	c.Since = c.Since.UTC().Truncate(time.Millisecond)
	if c.Nodes == nil {
		c.Nodes = []Node{}
	}
	for i := range c.Nodes {
		n := &c.Nodes[i]
		n.Since = n.Since.UTC().Truncate(time.Millisecond)
		n.Silent, n.Load.CPU = rounded(max(0, n.Silent)), rounded(n.Load.CPU)
		if n.Relay == nil {
			n.Relay = []string{}
		}
	}
	return GetCluster200JSONResponse(c), nil
}
