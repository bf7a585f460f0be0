package assign

import (
	"cmp"
	"slices"

	"millrace/cluster/directory"
)

// Kind is who comes.
type Kind int

// The kinds there are.
const (
	Viewer Kind = iota
	Publisher
)

// Policy is when somebody who came here is sent to another node.
type Policy string

// The policies there are.
const (
	// Never: whoever comes is served here.
	Never Policy = "never"
	// ByRole: only who may not be served here goes elsewhere: the node's role
	// is another one, or it is about to go.
	ByRole Policy = "role"
	// ByLoad: so does who is better served elsewhere, because that node is in
	// the client's region, or this one has too much to do.
	ByLoad Policy = "load"
)

const (
	// full is the share of the processors above which a node gives viewers
	// away: what is above it is for the keyframes that all wait for.
	full = 0.75
	// margin is how much less another node must have to do. Loads are a second
	// old, and everybody who comes within it sees the same.
	margin = 0.15
)

// Request is somebody who wants a node.
type Request struct {
	Kind   Kind
	Region string // where it is; empty: nobody knows
	Self   string // the node that it came to
	// Chance, from 0 to below 1, spreads those who come at the same moment.
	Chance float64
}

// Choose finds the node that should take the request. ok is false if that is the
// one that it came to, or if there is no better one.
func Choose(nodes []directory.Peer, r Request, policy Policy) (to directory.Peer, ok bool) {
	if policy == Never {
		return to, false
	}
	i := slices.IndexFunc(nodes, func(p directory.Peer) bool { return p.ID == r.Self })
	var self directory.Peer
	may := false
	if i >= 0 {
		self = nodes[i]
		may = takes(self, r.Kind)
	}
	if may && policy == ByRole {
		return to, false
	}
	var able []directory.Peer
	for _, p := range nodes {
		if p.ID != r.Self && p.HTTP != "" && takes(p, r.Kind) {
			able = append(able, p)
		}
	}
	near := slices.DeleteFunc(slices.Clone(able), func(p directory.Peer) bool { return r.Region == "" || p.Region != r.Region })
	atHome := r.Region == "" || may && self.Region == r.Region
	switch {
	case len(near) > 0:
		able = near
	case may && !atHome:
		atHome = true // there is nobody nearer
	}
	if may && atHome {
		if self.Load.CPU < full {
			return to, false
		}
		able = slices.DeleteFunc(able, func(p directory.Peer) bool { return p.Load.CPU > self.Load.CPU-margin })
	}
	if len(able) == 0 {
		return to, false
	}
	return able[draw(able, r.Chance)], true
}

func takes(p directory.Peer, k Kind) bool {
	if k == Publisher {
		return p.TakesPublishers()
	}
	return p.TakesViewers()
}

// draw picks by chance, the more often the less a node has to do: the best one
// alone would get everybody who comes within the second.
func draw(nodes []directory.Peer, chance float64) int {
	slices.SortFunc(nodes, func(a, b directory.Peer) int {
		return cmp.Or(cmp.Compare(a.Load.CPU, b.Load.CPU), cmp.Compare(a.ID, b.ID))
	})
	weight := func(p directory.Peer) float64 {
		free := max(0.01, 1-p.Load.CPU)
		return free * free
	}
	var sum float64
	for _, p := range nodes {
		sum += weight(p)
	}
	rest := chance * sum
	for i, p := range nodes {
		if rest -= weight(p); rest < 0 {
			return i
		}
	}
	return len(nodes) - 1
}
