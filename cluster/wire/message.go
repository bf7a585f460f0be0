package wire

import (
	"encoding/json"
	"fmt"
	"time"
)

// Message is what JSON carries.
type Message interface {
	kind() Type
	// check says what is wrong with what a peer sent.
	check() error
}

// Hop is a node of a stream's tree, and where it is dialled.
type Hop struct {
	Node   string   `json:"node"`
	Region string   `json:"region,omitempty"`
	Relay  []string `json:"relay,omitempty"` // host:port
	// Load is how many nodes it serves already, of those it may: 0 to 1.
	Load float64 `json:"load,omitempty"`
}

// Hello asks for a stream.
type Hello struct {
	Version int    `json:"version"`
	Child   Hop    `json:"child"`
	Stream  string `json:"stream"`
	// Epoch is the publication that the child has; a parent that has an older one
	// is of no use to it.
	Epoch uint64 `json:"epoch,omitempty"`
	// Origin is the node that publishes the stream as far as the child knows.
	Origin string `json:"origin,omitempty"`
	// Have is how far the child has come with the tracks of that publication.
	Have []Position `json:"have,omitempty"`
	// Insist is said by a child that has tried its own region's nodes in vain.
	Insist bool `json:"insist,omitempty"`
	// Trace is the span that the stream is wanted for, where that is traced (W3C
	// Trace Context's traceparent).
	Trace string `json:"trace,omitempty"`
	Sent  int64  `json:"sent"` // the child's clock
}

// Position is the newest frame that a child has of a track.
type Position struct {
	Generation uint32 `json:"generation"`
	Track      uint32 `json:"track"`
	Origin     uint64 `json:"origin"` // av.Frame's
}

// Wait says that the parent begins the stream, and answers when that is done.
type Wait struct{}

// Welcome grants it.
type Welcome struct {
	// Path leads from the node where the stream is published to the parent.
	Path  []Hop  `json:"path"`
	Epoch uint64 `json:"epoch"`
	Sent  int64  `json:"sent"`  // the Hello's
	Clock int64  `json:"clock"` // the parent's
}

// The reasons of a Refusal.
const (
	Unknown  = "unknown"  // the parent does not have the stream
	Full     = "full"     // it has as many children as it may
	Farther  = "farther"  // a node of the child's own region has it
	Loop     = "loop"     // the parent has the stream from the child
	Draining = "draining" // the parent is about to go
	Stale    = "stale"    // the parent has an older publication
	Foreign  = "foreign"  // the versions differ
	Failed   = "failed"   // the parent cannot begin it; the text says why, to viewers
)

// Refusal does not grant it, and says who else may.
type Refusal struct {
	Reason string `json:"reason"`
	Text   string `json:"text,omitempty"`
	Try    []Hop  `json:"try,omitempty"`
}

// Error makes it what dialling gives.
func (m *Refusal) Error() string {
	if m.Text == "" {
		return "refused: " + m.Reason
	}
	return "refused: " + m.Reason + ": " + m.Text
}

// Publisher is bus.PublisherInfo.
type Publisher struct {
	Protocol  string `json:"protocol"`
	Remote    string `json:"remote"`
	Encoder   string `json:"encoder"`
	Refreshes bool   `json:"refreshes"`
}

// Catalog says what the stream is made of from now on.
type Catalog struct {
	Epoch      uint64    `json:"epoch"`
	Generation uint32    `json:"generation"`
	Live       bool      `json:"live"`
	Publisher  Publisher `json:"publisher"`
	Channels   []Channel `json:"channels"`
	// Start is the least timestamp of the frames to come.
	Start time.Duration `json:"start"`
}

// Describe introduces a form that the catalog does not have (any more).
type Describe struct {
	Channel
}

// Keyframe asks for one.
type Keyframe struct{}

// Want lists what the child's viewers can take, a set for each sort of them, for
// which derived tracks are made at the origin.
type Want struct {
	Sets []Wish `json:"sets"`
}

// Wish is what some viewers can take: derive.Offer.
type Wish struct {
	Codecs    []string `json:"codecs"`
	Reordered bool     `json:"reordered,omitempty"`
}

// End says that the stream is over.
type End struct {
	Text string `json:"text,omitempty"`
}

// Move asks the child to find another parent; until then it is served.
type Move struct {
	Text string `json:"text,omitempty"`
	Try  []Hop  `json:"try,omitempty"`
}

// Path says that the parent's own way to the origin has changed.
type Path struct {
	Path []Hop `json:"path"`
}

// NodeStatus is one node of a stream's tree.
type NodeStatus struct {
	Node      string `json:"node"`
	Parent    string `json:"parent,omitempty"`
	Region    string `json:"region,omitempty"`
	Transport string `json:"transport,omitempty"` // of the link to its parent: "quic" or "tcp"
	Viewers   int    `json:"viewers"`
	Hops      int    `json:"hops"`
	// In seconds: from the frame's arrival at the origin to here; of that, from the
	// parent's send to here; and the link's round trip.
	Latency    float64 `json:"latency"`
	HopLatency float64 `json:"hop_latency"`
	RTT        float64 `json:"rtt"`
	Frames     uint64  `json:"frames"`
	Lost       uint64  `json:"lost"`
}

// Status tells the parent of the child and all below it.
type Status struct {
	Nodes []NodeStatus `json:"nodes"`
}

// Query asks for the tree of a stream; its answer is a Tree.
type Query struct {
	Stream string `json:"stream"`
}

// Tree is what a node knows of a stream's tree: itself and all below it.
type Tree struct {
	Path  []Hop        `json:"path"`
	Nodes []NodeStatus `json:"nodes"`
}

func (*Hello) kind() Type    { return TypeHello }
func (*Welcome) kind() Type  { return TypeWelcome }
func (*Refusal) kind() Type  { return TypeRefusal }
func (*Catalog) kind() Type  { return TypeCatalog }
func (*Describe) kind() Type { return TypeDescribe }
func (*Keyframe) kind() Type { return TypeKeyframe }
func (*Want) kind() Type     { return TypeWant }
func (*End) kind() Type      { return TypeEnd }
func (*Move) kind() Type     { return TypeMove }
func (*Path) kind() Type     { return TypePath }
func (*Status) kind() Type   { return TypeStatus }
func (*Query) kind() Type    { return TypeQuery }
func (*Tree) kind() Type     { return TypeTree }
func (*Wait) kind() Type     { return TypeWait }

// Encode is the message with its header.
func Encode(m Message) []byte {
	body, err := json.Marshal(m)
	if err != nil {
		panic("wire: " + err.Error()) // our own types always can be
	}
	return appendMessage(nil, m.kind(), body)
}

// newMessage is an empty message of a type, nil for one that is not JSON or not known.
func newMessage(t Type) Message {
	switch t {
	case TypeHello:
		return &Hello{}
	case TypeWelcome:
		return &Welcome{}
	case TypeRefusal:
		return &Refusal{}
	case TypeCatalog:
		return &Catalog{}
	case TypeDescribe:
		return &Describe{}
	case TypeKeyframe:
		return &Keyframe{}
	case TypeWant:
		return &Want{}
	case TypeEnd:
		return &End{}
	case TypeMove:
		return &Move{}
	case TypePath:
		return &Path{}
	case TypeStatus:
		return &Status{}
	case TypeQuery:
		return &Query{}
	case TypeTree:
		return &Tree{}
	case TypeWait:
		return &Wait{}
	default:
		return nil
	}
}

// Decode reads a message's body; nil without an error for a type that is not known.
// A frame is decoded by DecodeFrame.
func Decode(t Type, body []byte) (any, error) {
	switch t {
	case TypeFrame:
		return DecodeFrame(body)
	case TypePing, TypePong:
		return decodePing(t, body)
	}
	m := newMessage(t)
	if m == nil {
		return nil, nil
	}
	if err := json.Unmarshal(body, m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return m, nil
}
