package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"millrace/transmux/rtc/peer"
)

const clusterSecret = "MILLRACE_CLUSTER_SECRET=of the end-to-end tests, no secret at all"

// directory is where the node's server for the others listens.
func (g *gateway) directory() (address string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, text := range g.logs {
		var line struct{ Msg, What, Address string }
		if json.Unmarshal([]byte(text), &line) == nil && line.Msg == "listening" && line.What == "directory" {
			return line.Address
		}
	}
	return ""
}

// knows waits until the node knows of so many.
func (g *gateway) knows(nodes int) {
	g.t.Helper()
	var state struct {
		Connected bool
		Nodes     []struct{ ID string }
	}
	err := poll(g.t.Context(), 2*patience, func() bool {
		_, body := g.request(http.MethodGet, g.url("/api/v1/cluster"), "", "")
		return json.Unmarshal(body, &state) == nil && state.Connected && len(state.Nodes) == nodes
	})
	if err != nil {
		g.t.Fatalf("the nodes have not met: %+v\n%s", state, g.tail())
	}
}

// TestARequestFindsItsNode: a viewer who comes to an origin is sent to an edge, and
// its session is ended through the origin.
func TestARequestFindsItsNode(t *testing.T) {
	t.Parallel()
	origin := start(t, clusterSecret, "MILLRACE_NODE_ID=origin", "MILLRACE_NODE_ROLE=origin",
		"MILLRACE_RELAY_ADDRESS=127.0.0.1:0", "MILLRACE_CLUSTER_NATS_LISTEN=127.0.0.1:0")
	if err := poll(t.Context(), patience, func() bool { return origin.directory() != "" }); err != nil {
		t.Fatal("no directory is served")
	}
	edge := start(t, clusterSecret, "MILLRACE_NODE_ID=edge", "MILLRACE_NODE_ROLE=edge",
		"MILLRACE_RELAY_ADDRESS=127.0.0.1:0", "MILLRACE_CLUSTER_NATS_URL="+origin.directory())
	origin.knows(2)
	edge.knows(2)
	stranger := start(t, "MILLRACE_CLUSTER_SECRET=this one knows another secret", "MILLRACE_NODE_ID=stranger",
		"MILLRACE_RELAY_ADDRESS=127.0.0.1:0", "MILLRACE_CLUSTER_NATS_URL="+origin.directory())

	edge.publish(toneClip, "live/sent")
	edge.waitLive("live/sent")
	r := origin.watch(withDeadline(t, patience), "live/sent")
	r.more(t, 10)
	session, err := url.Parse(r.Location())
	if err != nil || !strings.HasPrefix(session.Path, "/sessions/edge~") {
		t.Fatalf("the session is %s", r.Location())
	}
	resp, body := origin.request(http.MethodPatch, origin.url(session.Path), "application/trickle-ice-sdpfrag", "nonsense")
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("PATCH through another node: %s %s", resp.Status, body)
	}
	resp, body = stranger.request(http.MethodDelete, stranger.url(session.Path), "", "")
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("DELETE through a stranger: %s %s", resp.Status, body)
	}
	resp, body = origin.request(http.MethodDelete, origin.url(session.Path), "", "")
	if resp.StatusCode != http.StatusOK {
		t.Errorf("DELETE through another node: %s %s", resp.Status, body)
	}
	select {
	case <-r.Done():
		if !errors.Is(r.Err(), peer.ErrGoodbye) {
			t.Errorf("ended with %v", r.Err())
		}
	case <-time.After(patience):
		t.Error("the deleted session was not told to its viewer")
	}
	var alone struct {
		Connected bool
		Nodes     []struct{ ID string }
	}
	_, body = stranger.request(http.MethodGet, stranger.url("/api/v1/cluster"), "", "")
	if err := json.Unmarshal(body, &alone); err != nil || alone.Connected || len(alone.Nodes) != 1 || alone.Nodes[0].ID != "stranger" {
		t.Errorf("who knows another secret sees %s, %v", body, err)
	}
}
