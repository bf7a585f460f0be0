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

	Directory *Directory `json:"directory,omitempty"` // nil for a node that is alone
}

// Directory is where the list of who has what is kept.
type Directory struct {
	Leader string          `json:"leader"` // through which everything is written; empty: none leads, or it is not known
	Wanted int             `json:"wanted"` // copies there should be; 0: not this node's to say
	Copies []DirectoryCopy `json:"copies"` // the leader's among them
}

// DirectoryCopy is one of its copies.
type DirectoryCopy struct {
	Server  string `json:"server"`  // the node that carries it, or a NATS server's name
	There   bool   `json:"there"`   // the leader hears of it
	Current bool   `json:"current"` // it has all that was written
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
	if c.Directory != nil && c.Directory.Copies == nil {
		c.Directory.Copies = []DirectoryCopy{}
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
