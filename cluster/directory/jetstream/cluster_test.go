package jetstream

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"millrace/cluster/directory"
)

// TestThreeServers goes through the life of a cluster: three nodes carry the
// directory, two more use it.
func TestThreeServers(t *testing.T) {
	list := servers(t)
	var urls []string
	for _, s := range list {
		urls = append(urls, urlOf(s))
	}
	var nodes []*member
	for i, s := range list {
		nodes = append(nodes, join(t, fmt.Sprint("carrier", i), s, 3))
	}
	for i := range 2 {
		nodes = append(nodes, join(t, fmt.Sprint("edge", i), nil, 0, urls...))
	}
	begun := time.Now()
	until(t, "all know all", func() bool {
		for _, n := range nodes {
			if len(n.Nodes()) != len(nodes) {
				return false
			}
		}
		return true
	})
	t.Logf("all know all after %s", time.Since(begun))

	edge, other := nodes[4], nodes[3]
	places, stop := edge.Watch("live/demo")
	defer stop()
	told(t, places, func(p directory.Place) bool { return !p.Live() })
	begun = time.Now()
	c, err := nodes[0].Claim(t.Context(), "live/demo", nil)
	if err != nil {
		t.Fatalf("claim: %v", err)
	}
	claimed := time.Since(begun)
	until(t, "the claim is confirmed", c.Confirmed)
	told(t, places, func(p directory.Place) bool { return p == c.Place() })
	t.Logf("claimed in %s, told on another node after %s", claimed, time.Since(begun))
	if _, err := other.Claim(t.Context(), "live/demo", nil); !errors.Is(err, directory.ErrTaken) {
		t.Errorf("the second publisher: %v", err)
	}
	nodes[0].Report(directory.Load{Viewers: 42})
	until(t, "the load is known", func() bool {
		p, _ := other.Node("carrier0")
		return p.Load.Viewers == 42
	})

	// The server that leads the bucket stops.
	leader := 0
	for i := range list {
		if list[i].server.JetStreamIsStreamLeader("$G", "KV_"+nodes[0].store.bucket) {
			leader = i
		}
	}
	for _, n := range []*member{edge, nodes[0]} {
		until(t, n.Self().ID+" knows who leads, and all copies", func() bool {
			c := n.store.Copies()
			return c.Leader == fmt.Sprint("server", leader) && c.current() == 3 && len(c.List) == 3
		})
	}
	if c := nodes[0].store.Copies(); c.Wanted != 3 || edge.store.Copies().Wanted != 0 {
		t.Errorf("%+v", c)
	}
	begun = time.Now()
	list[leader].Stop()
	probe := nodes[(leader+1)%3]
	until(t, "another one leads, and one copy is gone", func() bool {
		c := probe.store.Copies()
		return c.Leader != "" && c.Leader != fmt.Sprint("server", leader) && c.current() == 2 && len(c.List) == 3 &&
			!c.List[leader].There && !c.List[leader].Current
	})
	until(t, "a claim is confirmed again", func() bool {
		probed, err := probe.Claim(t.Context(), "live/probe", nil)
		if err != nil {
			t.Fatal(err)
		}
		return probed.Confirmed()
	})
	t.Logf("writes resumed %s after the leader stopped", time.Since(begun))
	if p, err := other.Locate(t.Context(), "live/demo"); err != nil || p.Node != "carrier0" {
		t.Errorf("with two servers: %+v, %v", p, err)
	}

	// All stop.
	for _, s := range list {
		s.Stop()
	}
	for _, n := range []*member{edge, nodes[0], nodes[1]} {
		until(t, "it says that it is cut off", func() bool { return !n.Health().Connected })
		until(t, "it does not claim to know who leads", func() bool { return n.store.Copies().Leader == "" })
		if p, err := n.Locate(t.Context(), "live/demo"); n != nodes[1] && (err != nil || p.Node != "carrier0") {
			t.Errorf("%s, with no server: %+v, %v", n.Self().ID, p, err)
		}
		// Who had only the first server's may have been struck out before the others stopped.
		if got := len(n.Nodes()); got < len(nodes)-1 {
			t.Errorf("%s, with no server: %d nodes", n.Self().ID, got)
		}
	}
	trusted, err := other.Claim(t.Context(), "live/new", nil)
	if err != nil || trusted.Confirmed() || c.Err() != nil {
		t.Errorf("a claim on trust: %v; the old one: %v", err, c.Err())
	}
}

// TestTheServerComesBackEmpty: the nodes connect again by themselves, and say
// everything anew.
func TestTheServerComesBackEmpty(t *testing.T) {
	at := freePort(t)
	server := serve(t, ServerConfig{Node: "server", Listen: at})
	a := join(t, "a", nil, 1, "tls://"+at)
	b := join(t, "b", nil, 1, "tls://"+at)
	until(t, "they have met", func() bool { return len(a.Nodes()) == 2 && len(b.Nodes()) == 2 })
	c, err := a.Claim(t.Context(), "live/demo", nil)
	if err != nil {
		t.Fatal(err)
	}
	places, stop := b.Watch("live/demo")
	defer stop()
	told(t, places, func(p directory.Place) bool { return p == c.Place() })
	server.Stop()
	until(t, "it is missed", func() bool { return !a.Health().Connected && !b.Health().Connected })
	trusted, err := b.Claim(t.Context(), "live/trusted", nil)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, ServerConfig{Node: "server", Listen: at})
	begun := time.Now()
	until(t, "everything is as it was", func() bool {
		p, err := a.Locate(t.Context(), "live/trusted")
		return err == nil && p.Node == "b" && trusted.Confirmed() && c.Confirmed() && a.Health().Connected
	})
	t.Logf("said anew %s after the server was back", time.Since(begun))
	until(t, "the old claim is in the new bucket", func() bool {
		e, err := b.store.Get(t.Context(), "claim", "live/demo")
		return err == nil && e.Value != nil
	})
	select {
	case p := <-places:
		t.Errorf("a watcher was told %+v", p)
	default:
	}
}

func told(t *testing.T, places <-chan directory.Place, want func(directory.Place) bool) {
	t.Helper()
	deadline := time.After(atMost)
	for {
		select {
		case p := <-places:
			if want(p) {
				return
			}
			t.Logf("told %+v", p)
		case <-deadline:
			t.Fatal("it was not told")
		}
	}
}

// current counts the copies that have everything.
func (c Copies) current() (n int) {
	for _, one := range c.List {
		if one.Current {
			n++
		}
	}
	return n
}
