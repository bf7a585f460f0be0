package directory

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"
)

// The roles of nodes.
const (
	RoleAny    = "any"    // takes publishers and viewers
	RoleOrigin = "origin" // takes publishers, and serves other nodes
	RoleEdge   = "edge"   // takes viewers, and serves other nodes
)

// Node is what a node says of itself.
type Node struct {
	ID       string   `json:"id"`
	Region   string   `json:"region"`
	Role     string   `json:"role"` // RoleAny, RoleOrigin or RoleEdge
	Version  string   `json:"version"`
	Relay    []string `json:"relay"` // host:port that other nodes dial for its streams
	HTTP     string   `json:"http"`  // base URL that clients and other nodes reach it by; may be empty
	Draining bool     `json:"draining"`
	// Session tells one start of the process from the next; New makes it.
	Session Session `json:"session"`
	// Since is when the process began, by the node's own clock.
	Since time.Time `json:"since"`
}

// TakesPublishers says whether new publishers may come to the node.
func (n Node) TakesPublishers() bool { return !n.Draining && n.Role != RoleEdge }

// TakesViewers says whether new viewers may come to the node.
func (n Node) TakesViewers() bool { return !n.Draining && n.Role != RoleOrigin }

// Session names one start of a process.
type Session uint64

func newSession() Session {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return Session(binary.BigEndian.Uint64(b[:]) | 1)
}

func (s Session) String() string { return fmt.Sprintf("%016x", uint64(s)) }

// MarshalText is for JSON, whose numbers have not 64 bits everywhere.
func (s Session) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is for JSON.
func (s *Session) UnmarshalText(text []byte) error {
	var n uint64
	if _, err := fmt.Sscanf(string(text), "%x", &n); err != nil {
		return fmt.Errorf("directory: %q is no session", text)
	}
	*s = Session(n)
	return nil
}

// Load is how much a node has to do.
type Load struct {
	Viewers int
	Streams int
	Bits    float64 // sent, bits/s
	CPU     float64 // share of the machine's processors, 0 to 1
	// At is when it was so, by the clock of the node that tells it; the zero
	// time means that nothing is known.
	At time.Time
}

// Peer is a node as the others see it.
type Peer struct {
	Node
	Load Load
	Seen time.Time // when it was last heard of
}

// Health is how this node stands to the directory.
type Health struct {
	Connected bool      // the directory answers
	Since     time.Time // of that state
	Cause     string    // why not, in words
	Clerk     string    // the id of the node that keeps the list of who lives
	Nodes     int       // that are known
	Claims    int       // streams that this node originates
	Unsettled int       // of these, the ones the directory does not know yet
	Watches   int       // streams that this node follows
}

// Place is where a stream comes from.
type Place struct {
	Stream string `json:"stream"`
	// Node is the id of the node that originates it; empty: nobody does.
	Node       string  `json:"node"`
	Session    Session `json:"session"`
	Generation uint64  `json:"generation"` // greater is newer
}

// Live says whether there is such a node.
func (p Place) Live() bool { return p.Node != "" }
