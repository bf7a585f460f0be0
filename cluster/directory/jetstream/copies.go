package jetstream

import (
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// serverPrefix is in front of a node's id in the name of the server that it carries.
const serverPrefix = "millrace-"

// Copies say where the directory is kept, as the last look told.
type Copies struct {
	// Leader is the server through which everything is written, by its node's id, or
	// by its own name where somebody else runs it; empty while none leads or it is
	// not known.
	Leader string
	// Wanted is how many copies there should be; zero where that is not this node's
	// to say.
	Wanted int
	List   []Copy // by name, the leader's among them
}

// Copy is one of them.
type Copy struct {
	Server  string // as Copies.Leader
	There   bool   // the leader hears of it
	Current bool   // it has all that was written
}

// Copies tell where the directory is kept; none while that cannot be known.
func (s *Store) Copies() Copies {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.copies
	c.Wanted, c.List = s.cfg.Replicas, slices.Clone(c.List)
	return c
}

// note remembers what a look told of the bucket's servers; nil is one that told
// nothing.
func (s *Store) note(stream jetstream.Stream) {
	var c Copies
	if stream != nil {
		c = s.copiesOf(stream.CachedInfo().Cluster)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.copies = c
}

// copiesOf reads what a server says. Nil is one that is alone.
func (s *Store) copiesOf(info *jetstream.ClusterInfo) Copies {
	if info == nil {
		alone := nodeOf(s.nc.ConnectedServerName())
		return Copies{Leader: alone, List: []Copy{{Server: alone, There: true, Current: true}}}
	}
	c := Copies{Leader: nodeOf(info.Leader)}
	if c.Leader != "" {
		c.List = append(c.List, Copy{Server: c.Leader, There: true, Current: true})
	}
	for _, r := range info.Replicas {
		c.List = append(c.List, Copy{Server: nodeOf(r.Name), There: !r.Offline, Current: r.Current && !r.Offline})
	}
	slices.SortFunc(c.List, func(a, b Copy) int { return strings.Compare(a.Server, b.Server) })
	return c
}

// nodeOf is the id of the node that carries a server, or the server's name where no
// node does.
func nodeOf(server string) string { return strings.TrimPrefix(server, serverPrefix) }
