package config

import (
	"errors"
	"time"

	"millrace/cluster/edge"
	"millrace/cluster/feed"
)

// Relay is how streams go from node to node.
type Relay struct {
	MaxChildren int           // of each stream
	Linger      time.Duration // of a stream that is fetched, after its last viewer
	UDP         bool          // QUIC; without it TCP only
	// Files of the cluster's own authority, in the place of certificates that are
	// made of the secret.
	CA, Certificate, Key string
}

func (c *Relay) defaults() {
	c.MaxChildren = feed.DefaultMaxChildren
	c.Linger = edge.DefaultLinger
	c.UDP = true
}

func (c *Relay) settings() []setting {
	return []setting{
		{"relay.udp", boolean(&c.UDP)},
		{"cluster.max_children", count(&c.MaxChildren, 1, 1000)},
		{"cluster.linger", duration(&c.Linger, time.Second, time.Hour)},
		{"cluster.ca", anyText(&c.CA)},
		{"cluster.certificate", anyText(&c.Certificate)},
		{"cluster.key", anyText(&c.Key)},
	}
}

func (c *Relay) validate(cluster *Cluster) error {
	if cluster.On() && cluster.Relay.Address == "" {
		return errors.New("relay.address is empty: a node of a cluster fetches and serves streams there")
	}
	given := 0
	for _, file := range []string{c.CA, c.Certificate, c.Key} {
		if file != "" {
			given++
		}
	}
	if given != 0 && given != 3 {
		return errors.New("cluster.ca, cluster.certificate and cluster.key go together: set all three, or none to have certificates made of cluster.secret")
	}
	return nil
}
