package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"

	"millrace/api"
	"millrace/cluster"
	"millrace/cluster/edge"
	"millrace/cluster/feed"
	"millrace/cluster/wire"
	"millrace/cmd/millrace/config"
	"millrace/ingest/pull"
	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/derive"
)

// identityOf is what this node proves with that it is of the cluster; nil for a
// single node.
func identityOf(c *config.Config) (*wire.Identity, error) {
	switch {
	case !c.Cluster.On():
		return nil, nil
	case c.Relay.CA == "":
		return wire.FromSecret(c.Cluster.Secret)
	}
	var files [3][]byte
	for i, name := range []string{c.Relay.CA, c.Relay.Certificate, c.Relay.Key} {
		var err error
		if files[i], err = os.ReadFile(name); err != nil {
			return nil, fmt.Errorf("cluster.ca, cluster.certificate, cluster.key: %w", err)
		}
	}
	return wire.FromCA(files[0], files[1], files[2])
}

// listenRelay opens the port for other nodes; nil for a single node.
func listenRelay(cfg config.Config, identity *wire.Identity, log *slog.Logger) (*wire.Endpoint, error) {
	if identity == nil {
		return nil, nil
	}
	const key = "relay.address"
	e, err := wire.Listen(wire.Config{Address: cfg.Cluster.Relay.Address, Identity: identity, NoUDP: !cfg.Relay.UDP}, log)
	if err != nil {
		return nil, config.ListenError(key, cfg.Cluster.Relay.Address, err)
	}
	log.Info("listening", "what", "relay", "address", e.Addr().String())
	return e, nil
}

// join opens what this node has of the others, if there are any.
func (g *gateway) join(cfg config.Config) error {
	g.door = &door{Hub: g.hub}
	identity, err := identityOf(&cfg)
	if err != nil {
		return err
	}
	if g.relay, err = listenRelay(cfg, identity, g.log); err != nil {
		return err
	}
	err = g.meet(cfg, identity, addrOf(g.relay))
	if err != nil && g.relay != nil {
		g.relay.Close()
	}
	return err
}

// addrOf is where the others find the endpoint.
func addrOf(e *wire.Endpoint) net.Addr {
	if e == nil {
		return nil
	}
	return e.Addr()
}

// wants has tracks made for a viewer, here or where the stream is published.
type wants = func(s *bus.Stream, o derive.Offer) (release func())

// inOrder is derive.InOrder in a cluster.
type inOrder struct {
	derive.InOrder
	want wants
}

// Want is for viewers over WebRTC.
func (d inOrder) Want(s *bus.Stream, offered []av.Codec) (release func()) {
	return d.want(s, derive.Taking(offered...))
}

// offers is derive.Room in a cluster.
type offers wants

// Want is for viewers with offers of their own.
func (want offers) Want(s *bus.Stream, o derive.Offer) (release func()) { return want(s, o) }

// door is the Hub for those who publish: in a cluster a name is published once.
type door struct {
	*bus.Hub
	cluster *cluster.Room // nil for a single node
}

// Publish is the Hub's, once the other nodes agree.
func (d *door) Publish(name string, info bus.PublisherInfo) (*bus.Publisher, error) {
	if d.cluster != nil {
		return d.cluster.Publish(name, info)
	}
	return d.Hub.Publish(name, info)
}

// furnishRelay puts the cluster between the Hub and the doors, if there is one.
func (g *gateway) furnishRelay(cfg config.Config, made *derive.Room, fetched *pull.Room, metrics *api.Metrics) {
	g.wanted = made.Want
	if g.relay == nil {
		return
	}
	room := cluster.New(cluster.Config{MaxChildren: cfg.Relay.MaxChildren, Linger: cfg.Relay.Linger, Patience: cfg.Stream.Linger, Tracer: g.tracer},
		g.hub, fetched, g.neighbours.dir, g.relay, made, g.log)
	measureRelay(metrics, room)
	g.doors = append(g.doors, task{"offers", func(ctx context.Context) error {
		o := offering{dir: g.neighbours.dir, log: g.log, made: make(map[string]func())}
		return o.serve(ctx, fetched.Names)
	}})
	g.source, g.wanted, g.door.cluster = room, room.Deriver().Want, room
	g.doors = append(g.doors, task{"relay", room.Serve})
	g.log.Debug("relay: ready", "max_children", cfg.Relay.MaxChildren)
	g.derivations = append(g.derivations, atEnd("fetched streams", room.Close))
}

// trees tells the API of streams' ways through the cluster.
func (g *gateway) trees(ctx context.Context, name string) (api.Tree, bool) {
	if g.door.cluster == nil {
		return api.Tree{}, false
	}
	t, ok := g.door.cluster.Tree(ctx, name)
	tree := api.Tree{Stream: t.Stream, Origin: t.Origin, Whole: t.Whole, Nodes: make([]api.TreeNode, len(t.Nodes))}
	for i, n := range t.Nodes {
		tree.Nodes[i] = api.TreeNode{
			Node: n.Node, Parent: n.Parent, Region: n.Region, Transport: n.Transport, Viewers: n.Viewers, Hops: n.Hops,
			Latency: n.Latency, HopLatency: n.HopLatency, RTT: n.RTT, Frames: n.Frames, Lost: n.Lost,
		}
	}
	return tree, ok
}

func measureRelay(m *api.Metrics, room *cluster.Room) {
	in := func(f func(edge.Stats) float64) func() float64 {
		return func() float64 { s, _ := room.Stats(); return f(s) }
	}
	out := func(f func(feed.Stats) float64) func() float64 {
		return func() float64 { _, s := room.Stats(); return f(s) }
	}
	m.Drops.Add("relay_late", func() uint64 { s, _ := room.Stats(); return s.Lost })
	m.Drops.Add("relay_line", func() uint64 { _, s := room.Stats(); return s.Canceled })
	m.Gauge("millrace_relay_pulls", "Streams that are fetched from other nodes now.", in(func(s edge.Stats) float64 { return float64(s.Active) }))
	m.Counter("millrace_relay_pulls_total", "Streams that were ever fetched.", in(func(s edge.Stats) float64 { return float64(s.Pulls) }))
	m.Counter("millrace_relay_parent_changes_total", "Times that a stream went on from another parent.", in(func(s edge.Stats) float64 { return float64(s.Rehomes) }))
	m.Counter("millrace_relay_received_frames_total", "Frames that came from parents.", in(func(s edge.Stats) float64 { return float64(s.Frames) }))
	m.Counter("millrace_relay_lost_frames_total", "Frames that parents sent and that did not come, or not in time.", in(func(s edge.Stats) float64 { return float64(s.Lost) }))
	m.Gauge("millrace_relay_latency_seconds", "From a frame's arrival at its origin to its arrival here; the median of the stream where it takes longest.", in(func(s edge.Stats) float64 { return s.Latency.Seconds() }))
	m.Gauge("millrace_relay_rtt_seconds", "Round trip to the parent that is farthest away.", in(func(s edge.Stats) float64 { return s.RTT.Seconds() }))
	m.Gauge("millrace_relay_children", "Streams of this node that other nodes fetch now, times the nodes.", out(func(s feed.Stats) float64 { return float64(s.Children) }))
	m.Counter("millrace_relay_children_refused_total", "Nodes that were sent elsewhere, or away.", out(func(s feed.Stats) float64 { return float64(s.Refused) }))
	m.Counter("millrace_relay_sent_frames_total", "Frames sent to other nodes.", out(func(s feed.Stats) float64 { return float64(s.Frames) }))
	m.Counter("millrace_relay_sent_bytes_total", "Bytes of these.", out(func(s feed.Stats) float64 { return float64(s.Bytes) }))
	m.Counter("millrace_relay_spared_bytes_total", "Bytes that were not sent because the child had them from another parent.", out(func(s feed.Stats) float64 { return float64(s.Spared) }))
	m.Counter("millrace_relay_canceled_total", "Frames that were taken back because a line is too slow for them.", out(func(s feed.Stats) float64 { return float64(s.Canceled) }))
}
