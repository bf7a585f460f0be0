package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"millrace/api"
	"millrace/transmux/rtc/peer"
)

// carriers are three nodes that carry the directory and nothing else. They must know
// each other's ports before they start, and have the same ones when they come back.
type carriers struct {
	t              *testing.T
	listen, routes [3]string
	nodes          [3]*gateway
}

func newCarriers(t *testing.T) *carriers {
	t.Helper()
	c := &carriers{t: t}
	for i := range c.nodes {
		address := fmt.Sprintf("127.0.0.%d", 11+i)
		c.listen[i], c.routes[i] = freePort(t, address), freePort(t, address)
	}
	for i := range c.nodes {
		c.start(i)
	}
	return c
}

// start starts a carrier, again if it has been killed.
func (c *carriers) start(i int) {
	c.t.Helper()
	address, _, _ := strings.Cut(c.listen[i], ":")
	c.nodes[i] = start(c.t, clusterSecret, fmt.Sprint("MILLRACE_NODE_ID=carrier", i), "MILLRACE_LOG_LEVEL=debug",
		"MILLRACE_CLUSTER_NATS_LISTEN="+c.listen[i], "MILLRACE_CLUSTER_NATS_ROUTE_LISTEN="+c.routes[i],
		"MILLRACE_CLUSTER_NATS_ROUTES="+strings.Join(c.routes[:], ","), "MILLRACE_RELAY_ADDRESS="+address+":0",
		"MILLRACE_HTTP_ADDRESS="+address+":0", "MILLRACE_RTMP_ADDRESS="+address+":0", "MILLRACE_WEBRTC_ADDRESS="+address+":0")
}

// user starts a node that carries nothing.
func (c *carriers) user(id, address string, settings ...string) *gateway {
	c.t.Helper()
	return start(c.t, append([]string{
		clusterSecret, "MILLRACE_NODE_ID=" + id, "MILLRACE_CLUSTER_NATS_URL=" + strings.Join(c.listen[:], ","),
		"MILLRACE_RELAY_ADDRESS=" + address + ":0", "MILLRACE_HTTP_ADDRESS=" + address + ":0",
		"MILLRACE_RTMP_ADDRESS=" + address + ":0", "MILLRACE_WEBRTC_ADDRESS=" + address + ":0",
	}, settings...)...)
}

// leader is the one that leads the directory's stream: whoever said so last.
func (c *carriers) leader() int {
	c.t.Helper()
	leader := -1
	err := poll(c.t.Context(), 3*patience, func() bool {
		var latest time.Time
		for i, g := range c.nodes {
			g.mu.Lock()
			for _, text := range g.logs {
				var line struct {
					Time time.Time
					Msg  string
				}
				if json.Unmarshal([]byte(text), &line) == nil && strings.Contains(line.Msg, "new stream leader") &&
					strings.Contains(line.Msg, "KV_millrace_") && line.Time.After(latest) {
					leader, latest = i, line.Time
				}
			}
			g.mu.Unlock()
		}
		return leader >= 0
	})
	if err != nil {
		c.t.Fatalf("nobody leads\n%s", c.nodes[0].tail())
	}
	return leader
}

// connected waits until a node has the directory, or does not.
func (g *gateway) connected(want bool) {
	g.t.Helper()
	var state struct{ Connected bool }
	err := poll(g.t.Context(), 3*patience, func() bool {
		_, body := g.request(http.MethodGet, g.url("/api/v1/cluster"), "", "")
		return json.Unmarshal(body, &state) == nil && state.Connected == want
	})
	if err != nil {
		g.t.Fatalf("connected is %t\n%s", state.Connected, g.tail())
	}
}

// ledBy waits until a node says who leads the directory, and how many copies are up
// to date.
func (g *gateway) ledBy(leader string, copies int) {
	g.t.Helper()
	var body []byte
	err := poll(g.t.Context(), 3*patience, func() bool {
		_, body = g.request(http.MethodGet, g.url("/api/v1/cluster"), "", "")
		var state struct{ Directory *api.Directory }
		if json.Unmarshal(body, &state) != nil || state.Directory == nil || state.Directory.Leader != leader {
			return false
		}
		current := 0
		for _, one := range state.Directory.Copies {
			if one.Current && one.There {
				current++
			}
		}
		return current == copies
	})
	if err != nil {
		g.t.Fatalf("the directory is not led by %s in %d copies: %s\n%s", leader, copies, body, g.tail())
	}
}

// found watches a stream of another node as soon as it can be: until then a viewer
// is told to come again.
func (g *gateway) found(name string) *recorder {
	g.t.Helper()
	err := poll(g.t.Context(), 2*patience, func() bool {
		v, err := peer.Watch(withDeadline(g.t, patience), g.whep(name), g.options())
		var status *peer.StatusError
		if errors.As(err, &status) && status.Status == http.StatusConflict {
			return false
		}
		if err == nil {
			err = v.Close()
		}
		if err != nil {
			g.t.Error(err)
		}
		return true
	})
	if err != nil {
		g.t.Fatalf("%s is not found\n%s", name, g.tail())
	}
	return g.watch(withDeadline(g.t, patience), name)
}

// TestTheDirectoryDies: first its leader, then all that carry it, while a stream
// runs that is published and watched on other nodes.
func TestTheDirectoryDies(t *testing.T) {
	t.Parallel()
	const name = "live/kept"
	c := newCarriers(t)
	origin := c.user("origin", "127.0.0.2")
	edge := c.user("edge", "127.0.0.3", "MILLRACE_CLUSTER_LINGER=1s")
	for _, g := range []*gateway{origin, edge} {
		g.knows(5)
	}
	origin.publish(zeroLatency, name)
	origin.waitLive(name)
	viewer := edge.watch(withDeadline(t, patience), name)
	viewer.more(t, 30)

	leader := c.leader()
	for _, g := range []*gateway{edge, c.nodes[0]} {
		g.ledBy(fmt.Sprint("carrier", leader), 3)
	}
	begun := time.Now()
	c.nodes[leader].kill()
	origin.publish(toneClip, "live/claimed")
	origin.waitLive("live/claimed")
	t.Logf("the leader is killed: another stream is published after %v", time.Since(begun).Round(time.Millisecond))
	second := edge.found("live/claimed")
	t.Logf("and found on another node after %v", time.Since(begun).Round(time.Millisecond))
	second.more(t, 10)
	second.leave(t)

	for i, g := range c.nodes {
		if i != leader {
			g.kill()
		}
	}
	edge.connected(false)
	if err := poll(t.Context(), patience, func() bool { return edge.metric("millrace_relay_pulls") == 1 }); err != nil {
		t.Error("the second stream is not let go of")
	}
	known := edge.found("live/claimed") // fetched anew, with nobody to ask where it is
	known.more(t, 10)
	origin.publish(toneClip, "live/trusted")
	origin.waitLive("live/trusted")
	edge.refused("live/unknown")

	for i := range c.nodes {
		c.start(i)
	}
	back := time.Now()
	edge.connected(true)
	third := edge.found("live/trusted")
	t.Logf("the carriers are back: what was published meanwhile is found after %v", time.Since(back).Round(time.Millisecond))
	third.more(t, 10)
	for _, g := range []*gateway{origin, edge, c.nodes[0]} {
		g.knows(5)
	}
	if v := origin.metric("millrace_cluster_unsettled_claims"); v != 0 {
		t.Errorf("%v claims are not settled", v)
	}

	viewer.more(t, 30)
	gap := forward(t, viewer, begun)
	t.Logf("all the while the greatest distance of two pictures is %v", gap.Round(time.Millisecond))
	if strict() && gap > 500*time.Millisecond {
		t.Errorf("%v without a picture", gap)
	}
	if edge.metric("millrace_relay_parent_changes_total") != 0 {
		t.Error("the edge left its parent")
	}
	for _, r := range []*recorder{viewer, known, third} {
		if r.Err() != nil {
			t.Errorf("a session ended: %v", r.Err())
		}
	}
}

// signal stops or continues some processes.
func signal(t *testing.T, s syscall.Signal, nodes ...*gateway) {
	t.Helper()
	for _, g := range nodes {
		if err := g.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHalvesMeetAgain: one carrier and a node with a publisher on one side, two
// carriers and another node with a publisher of the same name on the other. Neither
// side hears the other; then they do, and one publication is left.
func TestHalvesMeetAgain(t *testing.T) {
	t.Parallel()
	const name = "live/same"
	c := newCarriers(t)
	left, right := c.user("left", "127.0.0.2"), c.user("right", "127.0.0.3")
	for _, g := range []*gateway{left, right} {
		g.knows(5)
	}
	// The one that leads is on the greater side: on the other it would take its time to
	// see that nobody follows.
	alone := (c.leader() + 1) % len(c.nodes)
	smaller, greater := []*gateway{c.nodes[alone], left}, []*gateway{right}
	for i, g := range c.nodes {
		if i != alone {
			greater = append(greater, g)
		}
	}
	t.Cleanup(func() { signal(t, syscall.SIGCONT, append(smaller, greater...)...) })

	// A side that stands still hears nothing and is heard of by nobody.
	signal(t, syscall.SIGSTOP, greater...)
	left.connected(false)
	left.publish(zeroLatency, name) // on trust
	left.waitLive(name)
	one := left.watch(withDeadline(t, patience), name)
	one.more(t, 10)
	signal(t, syscall.SIGSTOP, smaller...)
	signal(t, syscall.SIGCONT, greater...)
	right.connected(true)
	right.republish(zeroLatency, name)
	other := right.watch(withDeadline(t, patience), name)
	other.more(t, 10)

	signal(t, syscall.SIGCONT, smaller...)
	begun := time.Now()
	both := []*gateway{left, right}
	origins := [2]string{}
	err := poll(t.Context(), 3*patience, func() bool {
		for i, g := range both {
			var tree struct {
				Origin string
				Whole  bool
			}
			_, body := g.request(http.MethodGet, g.url("/api/v1/cluster/streams/"+name), "", "")
			_ = json.Unmarshal(body, &tree) // a problem has no origin
			origins[i] = tree.Origin
		}
		return origins[0] == origins[1] && origins[0] != "" && left.metric("millrace_cluster_claims")+right.metric("millrace_cluster_claims") == 1
	})
	if err != nil {
		t.Fatalf("the origins are %q\n%s\n%s", origins, left.tail(), right.tail())
	}
	t.Logf("the halves agree on %s after %v", origins[0], time.Since(begun).Round(time.Millisecond))
	for _, r := range []*recorder{one, other} {
		r.more(t, 30)
		forward(t, r, begun)
		if r.Err() != nil {
			t.Errorf("a session ended: %v", r.Err())
		}
	}
	for _, g := range both {
		g.knows(5)
	}
}
