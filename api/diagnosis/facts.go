package diagnosis

import (
	"net/netip"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// Judge says who can be given a track of a stream.
type Judge func(stream string, t *av.Track) Judgement

// Judgement is about browsers first: "pass" as it is, "derive" turned into another,
// "no" not at all; and why.
type Judgement struct {
	Way, Why string
	Players  []Player
}

// Player is a kind of viewer, and how it is given the track.
type Player struct{ What, How, Why string }

// Caller is who asks.
type Caller struct {
	Address netip.Addr `json:"address"` // as the gateway sees it
	// Proxied is whether the request says that somebody passed it on: then the address
	// is theirs.
	Proxied bool `json:"proxied"`
	Secure  bool `json:"secure"` // it came over TLS, as far as can be told

	Host string                   `json:"-"` // that the gateway was called by, without port
	All  bool                     `json:"-"` // they may read everything
	Sees func(stream string) bool `json:"-"` // else, whether they may see that one; nil for none
}

// Facts are what is known about a stream's way at one moment. A nil pointer is
// something that this gateway does not have, or that cannot be told.
type Facts struct {
	Name        string
	Now         time.Time
	Caller      Caller
	Snapshot    *bus.Snapshot
	Judge       Judge
	Names       []string // live ones that the caller may see
	Departure   *Departure
	Source      *Source
	Refused     Trouble // credentials for publishing it
	Unreachable Trouble // viewers whose packets never came
	Connected   int     // viewers whose packets did come, in the same time
	ClockJumps  *uint64
	Ring        Ring
	Transport   *Transport
	Ports       Ports
	Limits      []Limit
	Draining    *Draining
	Cluster     *Cluster
}

// Departure is how the last publisher ended.
type Departure struct {
	At       time.Time
	Protocol string
	Remote   string
	Cause    string
}

// Source is a stream that the gateway fetches.
type Source struct {
	State     string // "idle", "connecting", "live" or "waiting"
	OnDemand  bool
	LastError string
	Since     time.Time
	Next      time.Time // when it is tried again; zero while it is not waiting
}

// Trouble is what went wrong lately.
type Trouble struct {
	Count int
	Last  time.Time
	Words string // of the last one
}

// Ring bounds what is kept of a stream.
type Ring struct{ MaxBytes, MaxFrames int }

// Transport is what a viewer over WebRTC would be told.
type Transport struct {
	UDP, TCP   []netip.AddrPort // that an answer names
	Configured bool             // by webrtc.public_ips
	Container  bool             // the process runs in one
	Relay      bool             // clients are told of a server to relay by
}

// Ports are the numbers that publishers and viewers come to; 0 is off.
type Ports struct{ RTMP, RTSP, WebRTC int }

// Limit is one that people run into.
type Limit struct {
	What    string // "publishers"
	Setting string // "limits.publishers"
	Used    int
	Most    int
	// Harms says whom it keeps out, after "no more": "viewers can join".
	Harms string
}

// Draining is a node that lets everybody go.
type Draining struct{ Until time.Time }

// Cluster is what this node knows of the others.
type Cluster struct {
	Connected bool // the directory answers
	Since     time.Time
	Cause     string // why it does not
	Nodes     int
	Self      string
	// Origin publishes the stream, "" if no node is known to; Whole is false where it
	// was asked and did not answer.
	Origin string
	Whole  bool
}
