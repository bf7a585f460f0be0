package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"millrace/cluster/assign"
	"millrace/cluster/directory"
	"millrace/cluster/wire"
)

// Cluster is what makes one gateway of many nodes: nothing, by default.
type Cluster struct {
	Node struct {
		ID     string // empty: the host's name
		Region string
		Role   string
	}
	Secret string // never logged
	NATS   struct {
		Listen      string   // of the server in this process; empty: none
		RouteListen string   // for the other servers; empty: Listen's port + 2000
		Routes      []string // host:port of all servers' RouteListen
		URL         []string // of servers elsewhere
		Replicas    int      // 0: as many as there are servers
	}
	Redirect  string
	Networks  []string
	Advertise string // base URL of this node's HTTP; empty: found from the interfaces
	Relay     struct {
		Address   string
		Advertise []string // host:port; empty: found from the interfaces
	}
}

func (c *Cluster) defaults() {
	c.Node.Role = directory.RoleAny
	c.Redirect = string(assign.ByRole)
	c.Relay.Address = ":4443"
}

func (c *Cluster) settings() []setting {
	return []setting{
		{"node.id", nodeID(&c.Node.ID)},
		{"node.region", regionName(&c.Node.Region)},
		{"node.role", oneOf(&c.Node.Role, directory.RoleAny, directory.RoleOrigin, directory.RoleEdge)},
		{"http.advertise", baseURL(&c.Advertise)},
		{"relay.address", address(&c.Relay.Address)},
		{"relay.advertise", peers(&c.Relay.Advertise)},
		{"cluster.secret", anyText(&c.Secret)},
		{"cluster.nats.listen", address(&c.NATS.Listen)},
		{"cluster.nats.route_listen", address(&c.NATS.RouteListen)},
		{"cluster.nats.routes", peers(&c.NATS.Routes)},
		{"cluster.nats.url", natsURLs(&c.NATS.URL)},
		{"cluster.nats.replicas", count(&c.NATS.Replicas, 0, 5)},
		{"cluster.redirect", oneOf(&c.Redirect, string(assign.Never), string(assign.ByRole), string(assign.ByLoad))},
		{"cluster.networks", networks(&c.Networks)},
	}
}

// On says whether this node is one of several.
func (c *Cluster) On() bool { return c.NATS.Listen != "" || len(c.NATS.URL) > 0 }

// Ours says whether the servers are those of the cluster's own nodes.
func (c *Cluster) Ours() bool {
	return c.NATS.Listen != "" || !strings.Contains(strings.Join(c.NATS.URL, ","), "://")
}

// Copies is how many the directory is kept in.
func (c *Cluster) Copies() int {
	switch {
	case c.NATS.Replicas > 0:
		return c.NATS.Replicas
	case c.NATS.Listen == "" && c.Ours():
		return 0 // those that carry it make it
	case len(c.NATS.Routes) >= 5:
		return 5
	case len(c.NATS.Routes) >= 3:
		return 3
	default:
		return 1
	}
}

// ID is this node's.
func (c *Cluster) ID() string {
	if c.Node.ID != "" {
		return c.Node.ID
	}
	host, err := os.Hostname()
	if err != nil || !nodeName.MatchString(host) {
		return "node"
	}
	return host
}

// RouteListen is where other servers connect.
func (c *Cluster) RouteListen() string {
	if c.NATS.RouteListen != "" || len(c.NATS.Routes) == 0 {
		return c.NATS.RouteListen
	}
	host, port, _ := net.SplitHostPort(c.NATS.Listen)
	n, _ := strconv.Atoi(port)
	if n == 0 {
		return net.JoinHostPort(host, "0")
	}
	return net.JoinHostPort(host, strconv.Itoa(n+routeOffset))
}

// routeOffset is from NATS's usual port for clients, 4222, to that for routes,
// 6222.
const routeOffset = 2000

func (c *Cluster) validate() error {
	switch {
	case !c.On() && c.Secret != "":
		return errors.New("cluster.secret is set, but the nodes have nowhere to meet: set cluster.nats.listen on one, three or five of them, and cluster.nats.url on the others")
	case !c.On() && len(c.NATS.Routes) > 0:
		return errors.New("cluster.nats.routes are those of the server in this process: set cluster.nats.listen too")
	case !c.On():
		return nil
	case c.Secret == "":
		return errors.New(`a cluster needs cluster.secret, the same on every node: make one with "openssl rand -hex 32"`)
	case len(c.Secret) < wire.MinSecret:
		return fmt.Errorf(`cluster.secret has %d bytes, and needs %d: make one with "openssl rand -hex 32"`, len(c.Secret), wire.MinSecret)
	case c.NATS.Listen != "" && len(c.NATS.URL) > 0:
		return errors.New("cluster.nats.listen and cluster.nats.url are both set: a node carries the directory, or uses one that others carry")
	case c.NATS.Listen == "" && len(c.NATS.Routes) > 0:
		return errors.New("cluster.nats.routes are those of the server in this process: set cluster.nats.listen too, and no cluster.nats.url")
	}
	return nil
}

// nodeName is what may be part of a URL's path and of a log line as it is. The
// tilde is what ends it in sessions' ids.
var nodeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func nodeID(into *string) func(string) error {
	return func(text string) error {
		if text != "" && !nodeName.MatchString(text) {
			return fmt.Errorf("%q is no node's name: write up to 64 letters, digits, dots, dashes and underscores", text)
		}
		*into = text
		return nil
	}
}

func regionName(into *string) func(string) error {
	return func(text string) error {
		if text != "" && !nodeName.MatchString(text) {
			return fmt.Errorf("%q is no region's name: write up to 64 letters, digits, dots, dashes and underscores", text)
		}
		*into = text
		return nil
	}
}

// peers takes addresses of other nodes: host and port, both needed.
func peers(into *[]string) func(string) error {
	return func(text string) error {
		fields := commaList(text)
		for _, field := range fields {
			host, port, err := net.SplitHostPort(field)
			if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 || host == "" || strings.ContainsAny(host, " /@") {
				return fmt.Errorf(`%q is no address of a node: write "host:port"`, field)
			}
		}
		*into = fields
		return nil
	}
}

// natsURLs takes addresses of nodes that carry the directory, or URLs of a NATS
// that somebody else runs; not both.
func natsURLs(into *[]string) func(string) error {
	return func(text string) error {
		fields := commaList(text)
		foreign := 0
		for _, field := range fields {
			if !strings.Contains(field, "://") {
				var one []string
				if err := peers(&one)(field); err != nil {
					return err
				}
				continue
			}
			foreign++
			u, err := url.Parse(field)
			if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" && u.Scheme != "ws" && u.Scheme != "wss" {
				return errors.New(`a URL of a NATS is "nats://user:password@host:port" or "tls://…"; an address of a node of this cluster is "host:port"`) // it may hold a password: not repeated
			}
		}
		if foreign > 0 && foreign < len(fields) {
			return errors.New("there are nodes of this cluster in it and URLs of another NATS: give either")
		}
		*into = fields
		return nil
	}
}

// baseURL takes the address that a node's pages are reached by.
func baseURL(into *string) func(string) error {
	return func(text string) error {
		u, err := url.Parse(text)
		if text != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
			return fmt.Errorf(`%q is no address of a site: write "https://host" or "http://host:port"`, text)
		}
		*into = strings.TrimSuffix(text, "/")
		return nil
	}
}

func networks(into *[]string) func(string) error {
	return func(text string) error {
		fields := commaList(text)
		if _, err := assign.ParseNetworks(fields); err != nil {
			return err
		}
		*into = fields
		return nil
	}
}
