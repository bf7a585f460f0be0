package rtmp

import "time"

// Message types, RTMP 1.0 sections 5.4, 6.2 and 7.1.
const (
	typeSetChunkSize     = 1
	typeAbort            = 2
	typeAck              = 3
	typeUserControl      = 4
	typeWindowAckSize    = 5
	typeSetPeerBandwidth = 6
	typeAudio            = 8
	typeVideo            = 9
	typeDataAMF3         = 15
	typeSharedAMF3       = 16
	typeCommandAMF3      = 17
	typeDataAMF0         = 18
	typeSharedAMF0       = 19
	typeCommandAMF0      = 20
	typeAggregate        = 22
)

// User control events, section 7.1.7.
const (
	eventStreamBegin  = 0
	eventStreamEOF    = 1
	eventBufferLength = 3
	eventPingRequest  = 6
	eventPingResponse = 7
)

// Chunk streams. Control messages must be on 2 (section 5.4); the others are
// free to choose, and ours are what most servers use.
const (
	chunkStreamControl = 2
	chunkStreamCommand = 3
	chunkStreamStatus  = 5
	chunkStreamAudio   = 4
	chunkStreamVideo   = 6
)

// message is one whole RTMP message.
type message struct {
	kind   uint8
	stream uint32 // the message stream, 0 for control
	// timestamp counts milliseconds. For media it is unwrapped: it runs on
	// where the wire's 32 bits begin anew.
	timestamp int64
	body      []byte
	// arrived is when the last byte came off the socket.
	arrived time.Time
}

// at is the message's timestamp as a duration.
func (m *message) at() time.Duration { return time.Duration(m.timestamp) * time.Millisecond }

// lengthLimits says how long messages of each kind may be.
type lengthLimits struct{ video int }

func (l lengthLimits) of(kind uint8) int {
	switch kind {
	case typeAudio:
		return maxAudio
	case typeVideo, typeAggregate:
		return l.video
	case typeSetChunkSize, typeAbort, typeAck, typeUserControl, typeWindowAckSize, typeSetPeerBandwidth:
		return maxControl
	default:
		return maxCommand
	}
}
