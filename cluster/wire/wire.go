// Package wire is how two nodes talk: who may, over what, and in which words.
//
// A link carries one stream from a parent to a child. cluster/feed is the parent's
// end of it, cluster/edge the child's. Over QUIC every frame has a stream of its
// own, so that a lost packet holds back nothing but its frame; over TCP, where UDP
// does not get through, the same messages follow each other. This room knows
// messages, connections and certificates; it must not know a Hub or a directory.
//
// A message is a byte for its type, its length as a varint, and its body: JSON for
// what is said rarely, bytes for frames and pings. Messages of unknown types are
// passed over, as are unknown fields, so that nodes of neighbouring versions
// understand each other.
package wire

import (
	"errors"
	"time"
)

// Version is the protocol's. Nodes of different versions do not link.
const Version = 1

// protocol is the ALPN name of a link (RFC 7301).
const protocol = "millrace-link/1"

// The bounds of what a peer may send, though it has proved that it belongs to the cluster.
const (
	// MaxFrame is a frame of 4K at 200 Mb/s four times over.
	MaxFrame = 16 << 20
	// MaxControl is a tree of a thousand nodes, or 64 tracks with their configuration.
	MaxControl = 256 << 10
	// maxPending bounds what is being received at once on a link: the joining GOP.
	maxPending = 64 << 20
	// maxStreams is how many frames may be under way at once: two seconds of 60
	// pictures and four audio tracks.
	maxStreams = 512
	// chunk is what is allocated on the word of a length alone.
	chunk = 64 << 10

	maxParts    = 4096
	maxPayloads = 1 << 16
	maxHead     = 2048
	maxTracks   = 64
	maxConfig   = 64 << 10
	maxConfigs  = 64
	maxHops     = 64 // nobody needs a tree that deep
	maxNodes    = 1024
	maxTry      = 64
	maxWants    = 16
	maxHave     = 2 * maxTracks // those of a generation that ends among them
	maxText     = 512
)

// Times of a connection.
const (
	// dialTimeout is for a connection with its handshake, however it comes about.
	dialTimeout = 3 * time.Second
	// handshakeTimeout is for a peer that connects.
	handshakeTimeout = 5 * time.Second
	// keepAlive and idle find out that a machine is gone; the messages of the rooms
	// above find out sooner that a process is.
	keepAlive = 500 * time.Millisecond
	idle      = 1500 * time.Millisecond
	// writeTimeout is how long a control message may wait for a peer to take it.
	writeTimeout = 3 * time.Second
)

// The sentinels at the room's door.
var (
	// ErrMalformed means that a peer's message cannot be read.
	ErrMalformed = errors.New("malformed message")
	// ErrClosed means that this end closed the link.
	ErrClosed = errors.New("link is closed")
)

// Type says what a message is.
type Type uint8

// The types of message, and who sends them.
const (
	TypeHello    Type = iota + 1 // child
	TypeWelcome                  // parent
	TypeRefusal                  // parent
	TypeCatalog                  // parent
	TypeDescribe                 // parent
	TypeFrame                    // parent
	TypeKeyframe                 // child
	TypeWant                     // child
	TypePing                     // child
	TypePong                     // parent
	TypeEnd                      // parent
	TypeMove                     // parent
	TypePath                     // parent
	TypeStatus                   // child
	TypeQuery                    // anybody
	TypeTree                     // the one that was asked
	TypeWait                     // parent
)

// limit is the greatest body of a type.
func (t Type) limit() int {
	if t == TypeFrame {
		return MaxFrame
	}
	return MaxControl
}
