package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"millrace/api"
	"millrace/cluster/assign"
	"millrace/cluster/directory"
	"millrace/cluster/directory/jetstream"
	"millrace/cluster/wire"
	"millrace/cmd/millrace/config"
)

// neighbours is what this node has of the others: for a single node nothing but
// itself, in memory.
type neighbours struct {
	dir    *directory.Directory
	assign *assign.Room // nil for a single node
	// identity proves that this node is of the cluster; nil for a single node.
	identity *wire.Identity
	close    []func()                // what is open, the last first
	copies   func() jetstream.Copies // of the directory; nil for a single node
}

// meet opens this node's directory. relay is where other nodes fetch streams; nil
// if they do not.
func (g *gateway) meet(cfg config.Config, identity *wire.Identity, relay net.Addr) (err error) {
	n := &neighbours{identity: identity}
	g.neighbours = n
	self := selfNode(&cfg.Cluster, &g.listeners, relay)
	var store directory.Store = directory.NewMemory()
	log := slog.New(slog.DiscardHandler) // who is alone meets nobody
	if cfg.Cluster.On() {
		log = g.log
		defer func() {
			if err != nil {
				n.leave()
			}
		}()
		if store, err = n.open(&cfg.Cluster, g.log); err != nil {
			return fmt.Errorf("cluster: %w", err)
		}
		table, err := assign.ParseNetworks(cfg.Cluster.Networks)
		if err != nil {
			return fmt.Errorf("cluster.networks: %w", err)
		}
		n.assign, err = assign.New(assign.Config{
			Self: self.ID, Policy: assign.Policy(cfg.Cluster.Redirect), Networks: table, Secret: cfg.Cluster.Secret,
		}, later{n}, g.log)
		if err != nil {
			return fmt.Errorf("cluster: %w", err)
		}
		n.close = append(n.close, n.assign.Close)
		g.log.Info("cluster: this node", "id", self.ID, "region", self.Region, "role", self.Role,
			"http", self.HTTP, "relay", strings.Join(self.Relay, " "))
	}
	n.dir = directory.New(store, self, directory.Config{Probe: n.probe}, log)
	g.directory = append(g.directory, task{"directory", func(ctx context.Context) error {
		defer n.leave()
		return n.dir.Serve(ctx)
	}})
	g.doors = append(g.doors, task{"load", func(ctx context.Context) error { return reportLoad(ctx, g.hub, n.dir) }})
	return nil
}

// later is the directory for whom is made before it.
type later struct{ n *neighbours }

func (l later) Nodes() []directory.Peer { return l.n.dir.Nodes() }

func (l later) Node(id string) (directory.Peer, bool) { return l.n.dir.Node(id) }

// open starts the server that this node carries, if it does, and connects.
func (n *neighbours) open(cfg *config.Cluster, log *slog.Logger) (directory.Store, error) {
	var err error
	settings := jetstream.Config{Node: cfg.ID(), Secret: cfg.Secret, URLs: cfg.NATS.URL, Replicas: cfg.Copies()}
	if cfg.Ours() {
		settings.TLS = n.identity.TLS("millrace-directory")
		settings.URLs = make([]string, len(cfg.NATS.URL))
		for i, at := range cfg.NATS.URL {
			settings.URLs[i] = "tls://" + at
		}
	}
	if cfg.NATS.Listen != "" {
		settings.Server, err = jetstream.StartServer(jetstream.ServerConfig{
			Node: cfg.ID(), Secret: cfg.Secret, Listen: cfg.NATS.Listen,
			Routes: cfg.RouteListen(), Peers: cfg.NATS.Routes, TLS: settings.TLS,
		}, log)
		if err != nil {
			return nil, fmt.Errorf("cluster.nats.listen: %w", err)
		}
		n.close = append(n.close, settings.Server.Stop)
		log.Info("listening", "what", "directory", "address", settings.Server.Addr().String())
	}
	store, err := jetstream.Open(settings, log)
	if err != nil {
		return nil, err
	}
	n.close = append(n.close, store.Close)
	n.copies = store.Copies
	return store, nil
}

func (n *neighbours) leave() {
	for i := len(n.close) - 1; i >= 0; i-- {
		n.close[i]()
	}
	n.close = nil
}

// name is this node's in sessions' ids; a single node needs none.
func (n *neighbours) name() string {
	if n.assign == nil {
		return ""
	}
	return n.dir.Self().ID
}

// handler is the site, in front of which requests find their node.
func (n *neighbours) handler(site http.Handler) http.Handler {
	if n.assign == nil {
		return site
	}
	return n.assign.Handler(site)
}

// probeClient asks nodes whether they live. Nothing is kept open to them.
var probeClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// errReplaced means that this process has the address of the one that was asked for.
var errReplaced = errors.New("it ended: this process listens where it did")

// probe asks a node by its pages' address. Who answers there may be a later process:
// the node was killed, and started anew.
func (n *neighbours) probe(ctx context.Context, node directory.Node) error {
	if node.HTTP == "" {
		return context.DeadlineExceeded // nobody knows
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, node.HTTP+"/healthz", nil)
	if err != nil {
		return err
	}
	answer, err := probeClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	switch answer.Header.Get(api.ProcessHeader) {
	case "", node.Session.String():
		return nil
	case n.dir.Self().Session.String():
		return errReplaced
	default: // of several that share an address it may be another
		return context.DeadlineExceeded
	}
}

// describe tells the API what this node knows of the others.
func (n *neighbours) describe() api.Cluster {
	h := n.dir.Health()
	c := api.Cluster{
		Node: n.dir.Self().ID, Clustered: n.assign != nil, Connected: h.Connected, Since: h.Since, Cause: h.Cause,
		Clerk: h.Clerk, Claims: h.Claims, Unsettled: h.Unsettled, Watches: h.Watches, Nodes: []api.Node{},
	}
	if n.copies != nil {
		c.Directory = describeCopies(n.copies())
	}
	now := time.Now()
	for _, p := range n.dir.Nodes() {
		c.Nodes = append(c.Nodes, api.Node{
			ID: p.ID, Region: p.Region, Role: p.Role, Version: p.Version, HTTP: p.HTTP, Relay: p.Relay, Draining: p.Draining,
			Since: p.Since, Silent: now.Sub(p.Seen).Seconds(),
			Load: api.Load{Viewers: p.Load.Viewers, Streams: p.Load.Streams, Bitrate: int64(p.Load.Bits), CPU: p.Load.CPU},
		})
	}
	return c
}

func describeCopies(c jetstream.Copies) *api.Directory {
	d := &api.Directory{Leader: c.Leader, Wanted: c.Wanted}
	for _, one := range c.List {
		d.Copies = append(d.Copies, api.DirectoryCopy{Server: one.Server, There: one.There, Current: one.Current})
	}
	return d
}

func measureCluster(m *api.Metrics, n *neighbours) {
	m.Gauge("millrace_cluster_nodes", "Nodes that live, as far as this one knows, itself included.",
		func() float64 { return float64(n.dir.Health().Nodes) })
	m.Gauge("millrace_cluster_connected", "1 while the directory answers.", func() float64 {
		if n.dir.Health().Connected {
			return 1
		}
		return 0
	})
	m.Gauge("millrace_cluster_claims", "Streams published on this node.", func() float64 { return float64(n.dir.Health().Claims) })
	m.Gauge("millrace_cluster_unsettled_claims", "Of these, the ones that the directory does not know yet.",
		func() float64 { return float64(n.dir.Health().Unsettled) })
	m.Gauge("millrace_cluster_watches", "Streams whose place this node follows.", func() float64 { return float64(n.dir.Health().Watches) })
	if n.assign == nil {
		return
	}
	m.Gauge("millrace_cluster_directory_copies", "Copies of the directory that have all that was written, as far as this node knows.", func() (current float64) {
		for _, one := range n.copies().List {
			if one.Current {
				current++
			}
		}
		return current
	})
	m.Counter("millrace_cluster_redirected_total", "New sessions sent to another node.",
		func() float64 { return float64(n.assign.Stats().Redirected) })
	m.Counter("millrace_cluster_forwarded_total", "Requests about sessions of other nodes that were passed on.",
		func() float64 { return float64(n.assign.Stats().Forwarded) })
	m.Counter("millrace_cluster_forward_failures_total", "Requests about sessions of other nodes that could not be.",
		func() float64 { return float64(n.assign.Stats().Refused) })
}
