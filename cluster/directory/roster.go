package directory

import (
	"cmp"
	"slices"
	"time"
)

// roster is which nodes live, as far as this one knows.
type roster struct {
	byID      map[string]*peer
	byKey     map[string]*peer
	bySession map[Session]*peer
	sum       Session // all sessions in one: the same for all nodes that know the same ones
	// roll is the clerk's last list of loads, unread until somebody asks.
	roll   []byte
	rolled time.Time
	unread bool
}

// peer is a node in the roster.
type peer struct {
	Peer
	key      string // of the store
	revision uint64
}

func newRoster() roster {
	return roster{byID: map[string]*peer{}, byKey: map[string]*peer{}, bySession: map[Session]*peer{}}
}

// put adds a node, or what it says now of itself. It reports whether that is news.
func (r *roster) put(key string, n Node, revision uint64) bool {
	old := r.byID[n.ID]
	if old != nil {
		if old.key == key && old.revision > revision {
			return false
		}
		r.remove(old)
	}
	p := &peer{Peer: Peer{Node: n, Seen: time.Now()}, key: key, revision: revision}
	r.byID[n.ID], r.bySession[n.Session] = p, p
	r.sum ^= n.Session
	if key != "" {
		r.byKey[key] = p
	}
	if old == nil {
		return true
	}
	p.Load = old.Load
	return old.Session != n.Session || old.Draining != n.Draining || old.HTTP != n.HTTP || !slices.Equal(old.Relay, n.Relay)
}

// update changes what a node that is known says of itself.
func (r *roster) update(n Node) {
	if p := r.byID[n.ID]; p != nil && p.Session == n.Session {
		p.Node = n
	}
}

func (r *roster) remove(p *peer) {
	delete(r.byID, p.ID)
	delete(r.bySession, p.Session)
	r.sum ^= p.Session
	if r.byKey[p.key] == p {
		delete(r.byKey, p.key)
	}
}

// list is what Nodes tells.
func (r *roster) list(self Session, load Load) []Peer {
	r.read()
	peers := make([]Peer, 0, len(r.byID))
	for _, p := range r.byID {
		peers = append(peers, p.told(self, load))
	}
	slices.SortFunc(peers, func(a, b Peer) int { return cmp.Compare(a.ID, b.ID) })
	return peers
}

func (r *roster) get(id string, self Session, load Load) (Peer, bool) {
	p := r.byID[id]
	if p == nil {
		return Peer{}, false
	}
	r.read()
	return p.told(self, load), true
}

// told is the peer for a user: of ourselves we know more than the clerk.
func (p *peer) told(self Session, load Load) Peer {
	out := p.Peer
	if p.Session == self {
		out.Load, out.Seen = load, time.Now()
	}
	out.Relay = slices.Clone(p.Relay)
	return out
}

// read takes the loads out of the clerk's list.
func (r *roster) read() {
	if !r.unread {
		return
	}
	for line := range lines(r.roll) {
		if p := r.bySession[line.session]; p != nil && !line.load.At.IsZero() {
			seen := r.rolled.Add(-line.age)
			if seen.After(p.Seen) {
				p.Seen = seen
			}
			p.Load = line.load
			p.Load.At = seen
		}
	}
	r.unread = false
}
