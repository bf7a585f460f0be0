package diagnosis

import (
	"fmt"
	"strings"
)

// nearlyFull is the share of a limit that is worth a word.
const nearlyFull = 0.9

// limits is about those that people run into.
func (f *Facts) limits() Check {
	c := Check{ID: "limits", Area: Gateway, Verdict: OK, Title: "There is room for more"}
	var each []string
	for _, l := range f.Limits {
		each = append(each, fmt.Sprintf("%d of %d %s", l.Used, l.Most, l.What))
		share := float64(l.Used) / float64(max(1, l.Most))
		switch {
		case share >= 1:
			c.Verdict, c.Code, c.Title = Bad, "limit_reached", "A limit is reached: "+l.What
			c.Why, c.Remedy = "No more "+l.Harms+".", "Raise "+l.Setting+" if the machine can bear it, or add a node: docs/cluster.md."
		case share >= nearlyFull && c.Verdict == OK:
			c.Verdict, c.Code, c.Title = Warning, "limit_near", "A limit is nearly reached: "+l.What
			c.Why, c.Remedy = "Soon no more "+l.Harms+".", "Raise "+l.Setting+" if the machine can bear it, or add a node: docs/cluster.md."
		}
	}
	if len(each) == 0 {
		c.Verdict, c.Seen = Unknown, "Not known here."
		return c
	}
	c.Seen = strings.Join(each, ", ") + "."
	return c
}

// draining is about a node that is about to stop, nil if it is not.
func (f *Facts) draining() *Check {
	if f.Draining == nil {
		return nil
	}
	return &Check{
		ID: "draining", Code: "draining", Area: Gateway, Verdict: Bad, Title: "This node is being drained",
		Seen:   fmt.Sprintf("It stops in %s at the latest.", span(f.Draining.Until.Sub(f.Now))),
		Why:    "It takes no new publishers and viewers.",
		Remedy: "Come again at another node, or when it has started again.",
	}
}

// cluster is about the node that the stream comes from, nil for a node that is
// alone.
func (f *Facts) cluster() *Check {
	if f.Cluster == nil {
		return nil
	}
	k := f.Cluster
	c := &Check{
		ID: "cluster", Area: Gateway, Verdict: OK, Title: "The cluster is whole",
		Seen: fmt.Sprintf("%d nodes are known to live.", k.Nodes),
	}
	switch {
	case !k.Connected:
		c.Verdict, c.Code, c.Title = Bad, "directory_lost", "The cluster's directory does not answer"
		c.Seen = fmt.Sprintf("For %s: %s.", span(f.Now.Sub(k.Since)), k.Cause)
		c.Why = "Streams that are published at other nodes cannot be found; those that are here play on."
		c.Remedy = "See that a majority of the nodes that carry the directory run and can reach each other: cluster.nats.listen, cluster.nats.routes; millrace doctor tries them."
	case k.Origin == "" && f.Snapshot == nil:
		c.Seen = sentences(c.Seen, "None of them publishes this stream.")
	case k.Origin != "" && k.Origin != k.Self && !k.Whole:
		c.Verdict, c.Code, c.Title = Bad, "origin_unreachable", "The node that publishes the stream does not answer"
		c.Seen = sentences(c.Seen, "The stream is published at "+k.Origin+", which did not answer this node.")
		c.Why = "This node fetches the stream from it, or from another that does."
		c.Remedy = "Open relay.address (UDP and TCP, 4443 by default) between the nodes, and see that relay.advertise names an address that this node can reach."
	case k.Origin != "" && k.Origin != k.Self:
		c.Title, c.Seen = "The stream comes from "+k.Origin, sentences(c.Seen, "The node that publishes it answers.")
	}
	return c
}
