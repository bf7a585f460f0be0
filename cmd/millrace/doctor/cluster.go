package doctor

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"

	"millrace/api/diagnosis"
	"millrace/cmd/millrace/config"
)

// nodePeers are the other nodes' addresses for the directory, as the configuration
// has them, without credentials.
func nodePeers(c *config.Config) []string {
	peers := slices.Clone(c.Cluster.NATS.Routes)
	for _, text := range c.Cluster.NATS.URL {
		u, err := url.Parse(text)
		switch {
		case err != nil || u.Host == "":
			peers = append(peers, text) // host:port
		case u.Port() == "":
			peers = append(peers, net.JoinHostPort(u.Hostname(), "4222")) // NATS's own port
		default:
			peers = append(peers, u.Host)
		}
	}
	return peers
}

// checkCluster tries the nodes that carry the directory.
func checkCluster(ctx context.Context, cfg *config.Config) []diagnosis.Check {
	var checks []diagnosis.Check
	for _, peer := range nodePeers(cfg) {
		checks = append(checks, checkPeer(ctx, peer))
	}
	return checks
}

func checkPeer(ctx context.Context, peer string) diagnosis.Check {
	c := diagnosis.Check{ID: "peer", Area: areaCluster, Verdict: diagnosis.OK, Title: "Directory at " + peer, Seen: "It takes connections."}
	conn, err := (&net.Dialer{Timeout: lookTimeout}).DialContext(ctx, "tcp", peer)
	if err != nil {
		c.Verdict, c.Code, c.Seen = diagnosis.Bad, "peer", err.Error()+"."
		c.Why = "Without a majority of the nodes that carry it, streams at other nodes cannot be found."
		c.Remedy = fmt.Sprintf("See that a gateway with cluster.nats.listen (or route_listen) runs there, and that %s/tcp is open between the nodes.", portIn(peer))
		return c
	}
	_ = conn.Close()
	return c
}

func portIn(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "its port"
	}
	return port
}
