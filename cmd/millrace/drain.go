package main

import (
	"context"
	"math/rand/v2"
	"net/url"

	"millrace/api"
	"millrace/cluster/assign"
	"millrace/cluster/directory"
	"millrace/cmd/millrace/config"
	"millrace/cmd/millrace/drain"
	"millrace/ingest/rtmp"
	"millrace/playout/whep"
)

// furnishDrain makes what lets everybody go before this node stops; the rooms put in who
// is there as they are made. The journal hears of it before the other nodes do: what it
// does to sessions comes after it.
func (g *gateway) furnishDrain(cfg config.Config, metrics *api.Metrics) {
	l := drain.New(drain.Config{
		Grace: cfg.Shutdown.Drain,
		Announce: func() {
			g.tellDrain()
			g.neighbours.dir.Drain(true)
			if g.door.cluster != nil {
				g.door.cluster.Drain()
			}
		},
		Children: func() int {
			if g.door.cluster == nil {
				return 0
			}
			_, fed := g.door.cluster.Stats()
			return fed.Children
		},
	}, g.log)
	g.leaving = l
	metrics.Gauge("millrace_draining", "1 while the node lets everybody go before it stops.", func() float64 {
		if l.Active() {
			return 1
		}
		return 0
	})
	metrics.Gauge("millrace_draining_sessions", "Viewers, publishers and other nodes' fetches that a node that drains still has.", func() float64 {
		if !l.Active() {
			return 0
		}
		return float64(l.Left())
	})
}

// another is a node that takes somebody over from this one.
func (n *neighbours) another(kind assign.Kind) (directory.Peer, bool) {
	if n.assign == nil {
		return directory.Peer{}, false
	}
	self := n.dir.Self()
	return assign.Choose(n.dir.Nodes(), assign.Request{Kind: kind, Region: self.Region, Self: self.ID, Chance: rand.Float64()}, assign.ByRole)
}

// hosts are those that the pages may be sent to, by a redirect or when this node
// drains: whichever the nodes that will come may have.
func (n *neighbours) hosts() []string {
	if n.assign == nil {
		return nil
	}
	return []string{"http:", "https:"}
}

// moveBrowsers asks players to begin their sessions at another node.
func moveBrowsers(g *gateway, room *whep.Room) drain.Mover {
	return func(ctx context.Context) int {
		return room.Move(ctx, func(stream string) string {
			to, ok := g.neighbours.another(assign.Viewer)
			if !ok {
				return ""
			}
			at, err := url.Parse(to.HTTP)
			if err != nil {
				return ""
			}
			return at.JoinPath(whep.Path, stream).String()
		})
	}
}

// moveEncoders asks encoders that can do it to connect anew: to another node if
// they came to this one by its own address, and else to where they came to, which
// is more than one node's.
func moveEncoders(g *gateway, server *rtmp.Server) drain.Mover {
	return func(context.Context) int {
		to, ok := g.neighbours.another(assign.Publisher)
		if !ok {
			return 0
		}
		own, other := hostOf(g.neighbours.dir.Self().HTTP), hostOf(to.HTTP)
		return server.Reconnect(func(host string) string {
			if host == own {
				return other
			}
			return host
		})
	}
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
